-- task arithmetic (arXiv 2212.04089): the weighted sum of the experts' deltas, scaled, on the base.
--   x = b + lambda * sum(w * (x_i - b));   normalize: the sum is divided by sum(w)
local dppa = require "dppa.v1"

return dppa.method {
  name = "task_arithmetic",
  summary = "Task arithmetic: base + lambda * sum(w * delta).",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { name = "weights", default = 1, per = "expert", divides = "normalize", help = "weight of each delta" },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
    { name = "normalize", default = false, help = "divide by the sum of the weights" },
  },
  returns = "a model",
  example = "task_arithmetic(base, { a, b }, { weights = { 1, 0.5 }, lambda = dppa.gradient { 0.4, 0.8 } })",
  run = function(base, deltas, o)
    local sum
    for i, delta in ipairs(deltas) do
      local part = delta * o.weights[i]
      sum = sum and sum + part or part
    end
    if o.normalize then sum = sum / dppa.weight_sum(o.weights) end
    return base + o.lambda * sum
  end,
}
