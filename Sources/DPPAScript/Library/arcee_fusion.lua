-- Arcee Fusion: the changes of an expert that stand out go into the base.
--   importance  |x - b| * KL(row),  KL(row) = sum(p log(p / q)),  p, q = softmax of the row in the expert and in the base
--   kept        where importance >= median + 1.5 * (third quartile - first quartile), over the tensor
-- Quartiles are those of all elements, so that the result is one; mergekit draws a sample from large tensors.
local dppa = require "dppa.v1"
local abs, exp, floor, kth, log_sum_exp, maximum, numel, sum, where =
  dppa.abs, dppa.exp, dppa.floor, dppa.kth, dppa.log_sum_exp, dppa.maximum, dppa.numel, dppa.sum, dppa.where

return dppa.method {
  name = "arcee_fusion",
  summary = "Arcee Fusion: the changes of an expert that stand out in size and in the divergence of their row go into the base.",
  arguments = { { name = "base", kind = "model" }, { name = "expert", kind = "model" } },
  options = {
    { name = "spread", default = 1.5, min = 0, per = "tensor", help = "quartile ranges above the median that a change must lie" },
  },
  returns = "a model",
  example = "arcee_fusion(base, expert, { spread = 3 })",
  run = function(base, expert, o)
    local delta, x, b = expert - base, dppa.weights(expert), dppa.weights(base)
    local all = log_sum_exp(x, "row")
    local divergence = sum(exp(x - all) * (delta - (all - log_sum_exp(b, "row"))), "row")
    local importance = abs(delta) * maximum(divergence, 0)
    local function quartile(q) return kth(importance, floor(q * (numel(delta) - 1)), "tensor") end
    local least = quartile(0.5) + o.spread * (quartile(0.75) - quartile(0.25))
    return base + where(importance:ge(least), delta, 0)
  end,
}
