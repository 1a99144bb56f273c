-- TSV-Merge (arXiv 2412.00081): the strongest directions of each expert, a share of the rank for each, turned until those of
-- different experts are at right angles.
--   k = floor(r / N) triplets of each d_i: U_i, s_i, V_i;   U = [U_1 … U_N], s and V alike
--   x = b + lambda * polar(U) diag(s) polar(V^T)
-- For the linears of blocks; all other tensors, and matrices with fewer rows or columns than there are experts, have the mean.
local dppa = require "dppa.v1"
local spectral = require "dppa.spectral"
local hstack, polar = dppa.hstack, dppa.polar

return dppa.method {
  name = "tsv",
  aliases = { "tsv_m", "tsv_merge", "tsvm" },
  summary = "TSV-Merge: the strongest singular directions of each expert, made orthogonal to each other.",
  comparisons = "On eight vision tasks about 84 to 86, task arithmetic 69.1 (ViT-B/32); on language models often below task "
    .. "arithmetic (arXiv 2511.21437).",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = { spectral.lambda(), spectral.tolerance, spectral.precision },
  returns = "a model",
  example = "tsv(base, { a, b })",
  run = function(base, deltas, o)
    return base + o.lambda * spectral.merge(deltas, { rule = function(parts)
      local us, ss, vts, how = {}, {}, {}, { precision = o.precision }
      for i, part in ipairs(parts) do
        local k = dppa.per_tensor(part, function(t) return math.min(t.shape[1], t.shape[2]) // #parts end)
        us[i], ss[i], vts[i] = dppa.svd(part, { rank = k, tolerance = o.tolerance, precision = o.precision })
      end
      return spectral.compose(polar(hstack(us), how), hstack(ss), polar(dppa.vstack(vts), how))
    end, least = #deltas })
  end,
}
