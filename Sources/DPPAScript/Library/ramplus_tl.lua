-- RAM+ with scaling by tensor (arXiv 2601.13572): elements that several deltas change are averaged, those that one alone
-- changes are enlarged, the more of what it changes is shared, so that averaging does not wear it away.
--   m_i = |d_i| > epsilon;   f_i = 1 + r * clamp(shared_i / unique_i, 0, alpha),  counts of m_i in the tensor
--   x = b + lambda * (f_i d_i where m_i alone holds, else sum(m_i d_i) / max(sum(m_i), 1))
local dppa = require "dppa.v1"
local mergekit = require "dppa.mergekit"
local abs, count, maximum, minimum, where = dppa.abs, dppa.count, dppa.maximum, dppa.minimum, dppa.where

return dppa.method {
  name = "ramplus_tl",
  summary = "RAM+: the mean of the deltas that change an element; what one alone changes is enlarged, tensor by tensor.",
  compat = "the division before the sum; of what is only shared the ratio is shared / epsilon, so that alpha decides. "
    .. "From bfloat16 models mergekit makes float32 ones: --dtype f32 does that here.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { name = "r", default = 0.1, min = 0, per = "tensor", help = "how much the share of shared elements enlarges" },
    { name = "alpha", default = 0.2, min = 0, per = "tensor", help = "the largest shared / unique that counts" },
    { name = "epsilon", default = 1e-5, min = 0, per = "tensor", help = "an element is changed by more than this" },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
  },
  returns = "a model",
  example = "ramplus_tl(base, { a, b }, { r = 0.2 })",
  run = function(base, deltas, o)
    if o.compat ~= "none" then return mergekit.agreement(base, deltas, o) end
    local masks, changed, sum = {}, nil, nil
    for i, delta in ipairs(deltas) do
      masks[i] = abs(delta):gt(o.epsilon)
      local one = where(masks[i], 1, 0)
      changed = changed and changed + one or one
    end
    for i, delta in ipairs(deltas) do
      local unique = count(masks[i] & changed:eq(1), "tensor")
      local shared = count(masks[i], "tensor") - unique
      local factor = 1 + o.r * minimum(shared / maximum(unique, 1), o.alpha)
      local part = where(masks[i], delta, 0) * where(changed:eq(1), factor, 1)
      sum = sum and sum + part or part
    end
    return base + o.lambda * (sum / maximum(changed, 1))
  end,
}
