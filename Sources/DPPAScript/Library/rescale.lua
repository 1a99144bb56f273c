-- What makes up for dropped elements of a delta.
--   "none"      the delta as it is
--   "inverse"   divided by the density that was kept, as DARE's paper does; a density of 0 has dropped everything
--   "l1", "l2"  scaled so that sum(abs), or the Euclidean norm, of the tensor stays what it was before pruning
local dppa = require "dppa.v1"
local abs, norm, sum, where = dppa.abs, dppa.norm, dppa.sum, dppa.where

return dppa.method {
  name = "rescale",
  summary = "Makes up for dropped elements of a delta.",
  arguments = {
    { name = "pruned", kind = "delta" }, { name = "delta", kind = "delta" },
    { name = "density", per = "tensor", min = 0, max = 1 },
    { name = "how", default = "none", choices = { "none", "inverse", "l1", "l2" } },
  },
  returns = "a delta",
  example = "rescale(where(top(abs(delta), 0.2, \"tensor\"), delta, 0), delta, 0.2, \"l1\")",
  run = function(pruned, delta, density, how)
    if how == "none" or density == 0 then return pruned end
    if how == "inverse" then
      if type(density) ~= "number" then density = where(density:gt(0), density, 1) end
      return pruned / density
    end
    local function size(x) return how == "l1" and sum(abs(x), "tensor") or norm(x, "tensor") end
    local before, after = size(delta), size(pruned)
    return pruned * where(after:gt(0), before / after, 1)
  end,
}
