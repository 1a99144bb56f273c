-- What makes up for dropped elements of a delta.
--   "none"      the delta as it is
--   "inverse"   divided by the density that was kept, as DARE's paper does
--   "l1"        scaled so that sum(abs) over the tensor stays what it was before pruning
local dppa = require "dppa.v1"
local abs, sum, where = dppa.abs, dppa.sum, dppa.where

return function(pruned, delta, density, how)
  if how == nil or how == "none" then return pruned end
  if how == "inverse" then return pruned / density end
  if how ~= "l1" then error("rescale must be none, inverse or l1; it is '" .. tostring(how) .. "'", 3) end
  local before, after = sum(abs(delta), "tensor"), sum(abs(pruned), "tensor")
  return pruned * where(after:gt(0), before / after, 1)
end
