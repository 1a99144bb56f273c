-- MAGIC (arXiv 2512.19320), calibration of weights: each tensor of a merged delta gets the mean length that the experts'
-- deltas have there, as sums of deltas that point apart are too short and of those that agree too long.
--   x = b + rho * mean(|d_i|) / |tau| * tau,  norms of tensors; what cancels, |tau| < 1e-6 mean(|d_i|), stays as it is
local dppa = require "dppa.v1"
local combine = require "dppa.combine"
local norm, where = dppa.norm, dppa.where

return dppa.method {
  name = "magic",
  summary = "MAGIC: the sum of deltas, or a merged delta, with the mean length of the experts' deltas, tensor by tensor.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { name = "rho", default = 1, min = 0, per = "tensor", help = "length of a tensor's delta beside the experts' mean" },
    { of = combine.sum, except = { "normalize" } },
    {
      name = "merged", kind = "delta", set = false,
      help = "what is calibrated, such as ties(base, experts) - base; left out: the weighted sum",
    },
  },
  returns = "a model",
  example = "magic(base, { a, b }, { merged = 0.3 * (a - base) })",
  run = function(base, deltas, o)
    local merged, lengths = o.merged or combine.sum(deltas, { weights = o.weights }), {}
    for i, delta in ipairs(deltas) do lengths[i] = norm(delta, "tensor") / #deltas end
    local length, mean = norm(merged, "tensor"), lengths[1]
    for i = 2, #lengths do mean = mean + lengths[i] end
    local cancels = length:eq(0) | length:lt(1e-6 * mean)
    return base + where(cancels, 1, o.rho * mean / length) * merged
  end,
}
