-- average: the weighted mean of models, without a base.   x = sum(w * x_i) / sum(w)
local dppa = require "dppa.v1"

return function(models, o)
  return dppa.average { models = models, weights = o.weights }
end
