-- SVC, singular value calibration (arXiv 2602.05536): directions that several experts share are counted several times in a merged
-- delta; each direction of it is scaled back to what the experts have there on average.
--   tau = sum(s_r u_r v_r^T);   a_r = u_r^T tau,  a_ir = u_r^T d_i,  p_ir = <a_r, a_ir> / |a_ir|^2
--   x = b + lambda * sum(g_r u_r a_r),   g_r = N / sum over i of max(alpha, p_ir)
-- For the linears of blocks; all other tensors stay as they were merged.
local dppa = require "dppa.v1"
local combine, spectral = require "dppa.combine", require "dppa.spectral"
local dot, matmul, maximum, transpose = dppa.dot, dppa.matmul, dppa.maximum, dppa.transpose

return dppa.method {
  name = "svc",
  summary = "SVC: the sum of deltas, or a merged delta, with each singular direction scaled to the experts' own.",
  comparisons = "The paper takes alpha 0.1 for task arithmetic, TIES, DARE and Iso-C, 0.2 for Iso-CTS, 1 for TSV and WUDI.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { name = "alpha", default = 0.1, min = 1e-6, per = "tensor", help = "the least that an expert counts in a direction" },
    spectral.lambda(), spectral.tolerance, spectral.precision,
    { of = combine.sum, except = { "normalize" } },
    {
      name = "merged", kind = "delta", set = false,
      help = "what is calibrated, such as tsv(base, experts) - base; left out: the weighted sum",
    },
  },
  returns = "a model",
  example = "svc(base, { a, b }, { alpha = 0.2 })",
  run = function(base, deltas, o)
    local merged = o.merged or combine.sum(deltas, { weights = o.weights })
    return base + o.lambda * merged:apply(function(part)
      local u, names, total = dppa.svd(part, { tolerance = o.tolerance, precision = o.precision }), {}, nil
      for i, tensor in ipairs(dppa.facts(part)) do names[i] = tensor.name end
      local alpha = spectral.on(part, o.alpha)
      local along = matmul(transpose(u), part)
      for _, delta in ipairs(spectral.matrices(deltas, names, merged)) do
        local own = matmul(transpose(u), delta)
        local share = maximum(alpha, dot(along, own, "row") / maximum(dot(own, own, "row"), 1e-12))
        total = total and total + share or share
      end
      return dppa.as_delta(matmul(u, #deltas / total * along))
    end)
  end,
}
