-- RAM (arXiv 2601.13572): every element is the mean of the deltas that change it.
--   x = b + lambda * sum(m_i d_i) / max(sum(m_i), 1),  m_i = |d_i| > epsilon
local dppa = require "dppa.v1"
local mergekit = require "dppa.mergekit"
local abs, maximum, where = dppa.abs, dppa.maximum, dppa.where

return dppa.method {
  name = "ram",
  summary = "RAM: every element is the mean of the deltas that change it.",
  compat = "the division before the sum, each step rounded.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { name = "epsilon", default = 1e-5, min = 0, per = "tensor", help = "an element is changed by more than this" },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
  },
  returns = "a model",
  example = "ram(base, { a, b }, { lambda = dppa.gradient { 0.8, 1 } })",
  run = function(base, deltas, o)
    if o.compat ~= "none" then return mergekit.agreement(base, deltas, o) end
    local sum, changed
    for _, delta in ipairs(deltas) do
      local mask = abs(delta):gt(o.epsilon)
      local part, one = where(mask, delta, 0), where(mask, 1, 0)
      sum, changed = sum and sum + part or part, changed and changed + one or one
    end
    return base + o.lambda * (sum / maximum(changed, 1))
  end,
}
