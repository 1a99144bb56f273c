-- Arcee Fusion: the changes of an expert that stand out go into the base.
--   importance  |x - b| * KL(row),  KL(row) = sum(p log(p / q)),  p, q = softmax of the row in the expert and in the base
--   kept        where importance >= median + 1.5 * (third quartile - first quartile), over the tensor
-- Quartiles are those of all elements, so that the result is one; mergekit draws a sample from large tensors.
local dppa = require "dppa.v1"
local mergekit = require "dppa.mergekit"
local abs, exp, floor, kth, log, log_sum_exp = dppa.abs, dppa.exp, dppa.floor, dppa.kth, dppa.log, dppa.log_sum_exp
local maximum, numel, sum, where = dppa.maximum, dppa.numel, dppa.sum, dppa.where

return dppa.method {
  name = "arcee_fusion",
  summary = "Arcee Fusion: the changes of an expert that stand out in size and in the divergence of their row go into the base.",
  compat = "p and q are softmax + 1e-8. Quartiles are those of all elements also above 1e6, where mergekit draws a "
    .. "sample. Its divergences are float32 sums that nearly cancel: of small changes they are rounding, and the elements near the "
    .. "threshold are others. From bfloat16 models mergekit makes float32 ones: --dtype f32 does that here.",
  arguments = { { name = "base", kind = "model" }, { name = "expert", kind = "model" } },
  options = {
    { name = "spread", default = 1.5, min = 0, per = "tensor", help = "quartile ranges above the median that a change must lie" },
  },
  returns = "a model",
  example = "arcee_fusion(base, expert, { spread = 3 })",
  run = function(base, expert, o)
    local delta, x, b = expert - base, dppa.weights(expert), dppa.weights(base)
    local all, other = log_sum_exp(x, "row"), log_sum_exp(b, "row")
    local divergence
    if mergekit.is_single(o) then
      local p, q = exp(x - all) + 1e-8, exp(b - other) + 1e-8
      divergence = sum(p * log(p / q), "row")
    else
      divergence = maximum(sum(exp(x - all) * (delta - (all - other)), "row"), 0)
    end
    local importance = abs(delta) * divergence
    local function quartile(q) return kth(importance, floor(q * (numel(delta) - 1)), "tensor") end
    local least = quartile(0.5) + o.spread * (quartile(0.75) - quartile(0.25))
    return base + where(importance:ge(least), delta, 0)
  end,
}
