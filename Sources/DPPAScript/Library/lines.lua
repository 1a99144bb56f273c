-- LiNeS (arXiv 2410.17146): a merged delta is scaled so that deep layers go further from the base than shallow ones.
--   x = b + f * tau,  f = alpha + beta * l / (L - 1) in block l of L blocks, and alpha outside of them
--   alpha  if it is left out: sum|d_1 + … + d_N| / (N sum|tau|) over the model, which is 1 / N for tau = d_1 + … + d_N
-- For one expert, to keep what its base could do: alpha below 1, beta = 1 - alpha.
local dppa = require "dppa.v1"
local combine = require "dppa.combine"
local abs, sum, where = dppa.abs, dppa.sum, dppa.where

return dppa.method {
  name = "lines",
  summary = "LiNeS: the sum of deltas, or a merged delta, scaled along depth: little in the first blocks, most in the last.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { name = "alpha", kind = "number", min = 0, per = "tensor", help = "scale of the first block; left out: that of the mean" },
    { name = "beta", default = 0.5, per = "tensor", help = "what is added to it on the way to the last block" },
    { of = combine.sum, except = { "normalize" } },
    {
      name = "merged", kind = "delta", set = false,
      help = "what is scaled, such as ties(base, experts) - base; left out: the weighted sum",
    },
  },
  returns = "a model",
  example = "lines(base, { a, b }, { beta = 0.4, merged = a - base })",
  run = function(base, deltas, o)
    local merged = o.merged or combine.sum(deltas, { weights = o.weights })
    local alpha, size = o.alpha, #deltas * sum(abs(merged), "model")
    alpha = alpha or where(size:eq(0), 1, sum(abs(combine.sum(deltas)), "model") / size)
    local depth = dppa.per_tensor(merged, function(t) return t.depth or 0 end)
    return base + (alpha + o.beta * depth) * merged
  end,
}
