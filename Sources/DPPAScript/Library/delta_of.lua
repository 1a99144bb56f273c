-- What an expert adds to its base: the difference of the models, or the expert itself when it is a delta already.
local dppa = require "dppa.v1"

return function(expert, base)
  if dppa.space(expert) == "delta" then return expert end
  return expert - base
end
