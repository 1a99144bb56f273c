-- TIES (arXiv 2306.01708): trim each delta to its largest elements, elect a sign for every element, and take the weighted
-- mean of the deltas that agree with it.
local dppa = require "dppa.v1"
local combine, sparsify = require "dppa.combine", require "dppa.sparsify"

return dppa.method {
  name = "ties",
  summary = "TIES: trim each delta to its largest elements, elect signs, take the mean of what agrees.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    {
      name = "density", default = 0.2, min = 0, max = 1, per = "expert", finest = "tensor",
      help = "share of each delta to keep",
    },
    { name = "weights", default = 1, per = "expert", divides = "normalize", help = "weight of each delta" },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
    { name = "normalize", default = true, help = "divide by the weights that agree" },
    { name = "rescale", default = "none", choices = { "none", "inverse", "l1" }, help = "make up for what was trimmed" },
  },
  returns = "a model",
  example = "ties(base, { a, b }, { density = { 0.2, dppa.gradient { 0.1, 0.3 } }, weights = { 1, 0.5 } })",
  run = function(base, deltas, o)
    local trimmed = {}
    for i, delta in ipairs(deltas) do
      trimmed[i] = sparsify.magnitude(delta, { density = o.density[i], rescale = o.rescale })
    end
    return base + o.lambda * combine.elect(trimmed, { weights = o.weights, normalize = o.normalize })
  end,
}
