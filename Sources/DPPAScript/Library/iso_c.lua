-- Iso-C (arXiv 2502.04959): the sum of deltas with all its directions equally strong, so that none of what several experts have
-- in common drowns what one of them has alone.
--   d_1 + … + d_N = sum(s_r u_r v_r^T);   x = b + lambda * mean(s) * sum(u_r v_r^T)
-- For the linears of blocks; all other tensors have the mean of the deltas. Directions without strength do not count in the sum.
local dppa = require "dppa.v1"
local combine, spectral = require "dppa.combine", require "dppa.spectral"

return dppa.method {
  name = "iso_c",
  aliases = { "iso", "isoc" },
  summary = "Iso-C: the sum of deltas with singular values that are all their mean.",
  comparisons = "On eight vision tasks about 84 to 86, task arithmetic 69.1 (ViT-B/32); on language models often below task "
    .. "arithmetic (arXiv 2511.21437). The paper finds lambda 1 to 2 best.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = { spectral.lambda(), spectral.tolerance, spectral.precision },
  returns = "a model",
  example = "iso_c(base, { a, b }, { lambda = 1.3 })",
  run = function(base, deltas, o)
    return base + o.lambda * spectral.merge(deltas, { rule = function(parts)
      local u, s, vt = dppa.svd(combine.sum(parts), { tolerance = o.tolerance, precision = o.precision })
      return dppa.mean(s, "tensor") * dppa.matmul(u, vt)
    end })
  end,
}
