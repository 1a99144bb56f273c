-- Subspace Boosting (arXiv 2506.16506): the weak directions of a merged delta, which lose most where many are merged, are raised.
--   tau = sum(s_r u_r v_r^T);   s_j: the first with s_1 + … + s_j >= beta sum(s);   x = b + lambda * sum(max(s_r, s_j) u_r v_r^T)
-- For the linears of blocks; all other tensors stay as they were merged. With the default beta all are raised to the first.
local dppa = require "dppa.v1"
local combine, spectral = require "dppa.combine", require "dppa.spectral"
local maximum, sum, where = dppa.maximum, dppa.sum, dppa.where

return dppa.method {
  name = "subspace_boosting",
  summary = "Subspace Boosting: the sum of deltas, or a merged delta, with its weak singular values raised.",
  comparisons = "The paper raises task arithmetic, TIES and Consensus by more than 10 points where 20 vision models are merged; on "
    .. "language models often below task arithmetic (arXiv 2511.21437).",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    {
      name = "beta", default = 0.01, min = 0, max = 1, per = "tensor",
      help = "singular values behind the one that reaches this share of their sum are raised to it; 0 to 0.03 in the paper",
    },
    spectral.lambda(), spectral.tolerance, spectral.precision,
    { of = combine.sum, except = { "normalize" } },
    {
      name = "merged", kind = "delta", set = false,
      help = "what is boosted, such as ties(base, experts) - base; left out: the weighted sum",
    },
  },
  returns = "a model",
  example = "subspace_boosting(base, { a, b }, { beta = 0.02, lambda = 0.5 })",
  run = function(base, deltas, o)
    local merged = o.merged or combine.sum(deltas, { weights = o.weights })
    return base + o.lambda * merged:apply(function(part)
      local u, s, vt = dppa.svd(part, { tolerance = o.tolerance, precision = o.precision })
      local all = sum(s, "tensor")
      local least = dppa.max(where(dppa.cumsum(s):ge(spectral.on(part, o.beta) * all), s, 0), "tensor")
      return dppa.as_delta(spectral.compose(u, maximum(s, least), vt))
    end)
  end,
}
