-- Model breadcrumbs (arXiv 2312.06795): drop the largest and the smallest elements of each delta, then merge by task
-- arithmetic. Of n elements the gamma n largest go and the density n largest of the others stay.
local dppa = require "dppa.v1"
local combine, sparsify = require "dppa.combine", require "dppa.sparsify"

return dppa.method {
  name = "breadcrumbs",
  summary = "Model breadcrumbs: drop the largest and the smallest elements of each delta, add the rest to the base.",
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
    { name = "normalize", default = false, help = "divide by the sum of the weights" },
    { name = "rescale", default = "none", choices = { "none", "inverse", "l1" }, help = "make up for what was dropped" },
  },
  returns = "a model",
  example = "breadcrumbs(base, { a, b }, { density = 0.85, gamma = { 0.01, 0.02 }, lambda = 0.5 })",
  run = function(base, deltas, o)
    local kept = {}
    for i, delta in ipairs(deltas) do
      kept[i] = sparsify.breadcrumbs(delta, { density = o.density[i], gamma = o.gamma[i], rescale = o.rescale })
    end
    return base + o.lambda * combine.sum(kept, { weights = o.weights, normalize = o.normalize })
  end,
}
