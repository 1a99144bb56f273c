-- Model breadcrumbs (arXiv 2312.06795) with TIES: drop the largest and the smallest elements of each delta, elect a sign for
-- every element, and take the weighted mean of the deltas that agree with it. Where signs are elected the mean is the
-- default, as in ties and della; mergekit's breadcrumbs_ties takes the sum unless it is told to normalize.
local dppa = require "dppa.v1"
local combine, sparsify = require "dppa.combine", require "dppa.sparsify"

return dppa.method {
  name = "breadcrumbs_ties",
  summary = "Breadcrumbs with TIES: drop the largest and the smallest elements, elect signs, take the mean of what agrees.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    {
      name = "density", default = 0.9, min = 0, max = 1, per = "expert", finest = "tensor",
      help = "share of each delta to keep",
    },
    {
      name = "gamma", default = 0.01, min = 0, max = 1, per = "expert", finest = "tensor",
      help = "share of each delta's largest elements to drop",
    },
    { name = "weights", default = 1, per = "expert", divides = "normalize", help = "weight of each delta" },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
    { name = "normalize", default = true, help = "divide by the weights that agree" },
    { name = "rescale", default = "none", choices = { "none", "inverse", "l1" }, help = "make up for what was dropped" },
  },
  returns = "a model",
  example = "breadcrumbs_ties(base, { a, b }, { density = 0.5, gamma = 0.02 })",
  run = function(base, deltas, o)
    local kept = {}
    for i, delta in ipairs(deltas) do
      kept[i] = sparsify.breadcrumbs(delta, { density = o.density[i], gamma = o.gamma[i], rescale = o.rescale })
    end
    return base + o.lambda * combine.elect(kept, { weights = o.weights, normalize = o.normalize })
  end,
}
