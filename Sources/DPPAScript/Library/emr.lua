-- EMR (arXiv 2405.17461), as one model: every element has the sign of the sum of deltas, and of those that have that sign the
-- largest size. The paper's masks and scales, which make each expert again out of it, are left out.
--   x = b + lambda * g * max(|d_i| where sign(d_i) = g, 0),  g = sign(d_1 + … + d_N), and -1 where that is 0
local dppa = require "dppa.v1"
local combine = require "dppa.combine"
local abs, maximum, sign, where = dppa.abs, dppa.maximum, dppa.sign, dppa.where

return dppa.method {
  name = "emr",
  aliases = { "emr_merging" },
  summary = "EMR: the sign of the sum of deltas, and the largest size among the deltas that have it.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = { { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" } },
  returns = "a model",
  example = "emr(base, { a, b }, { lambda = 0.6 })",
  run = function(base, deltas, o)
    local elected, largest = where(combine.sum(deltas):gt(0), 1, -1), nil
    for _, delta in ipairs(deltas) do
      local size = where(sign(delta):eq(elected), abs(delta), 0)
      largest = largest and maximum(largest, size) or size
    end
    return base + o.lambda * dppa.as_delta(elected * largest)
  end,
}
