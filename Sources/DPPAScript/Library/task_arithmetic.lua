-- task arithmetic (arXiv 2212.04089): the weighted sum of the experts' deltas, scaled, on the base.
--   x = b + lambda * sum(w * (x_i - b));   normalize: the sum is divided by sum(w)
local dppa = require "dppa.v1"
local combine = require "dppa.combine"

return dppa.method {
  name = "task_arithmetic",
  summary = "Task arithmetic: base + lambda * sum(w * delta).",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { of = combine.sum },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
  },
  returns = "a model",
  example = "task_arithmetic(base, { a, b }, { weights = { 1, 0.5 }, lambda = dppa.gradient { 0.4, 0.8 } })",
  run = function(base, deltas, o)
    return base + o.lambda * combine.sum(deltas, { weights = o.weights, normalize = o.normalize })
  end,
}
