-- KnOTS (arXiv 2410.19735), for adapters: all deltas side by side have one decomposition, so that they are merged in directions
-- that they share, by TIES.
--   [d_1 … d_N] = U diag(s) [V_1^T … V_N^T];   m_i: the largest density of V_i^T, over the model, that have the elected sign
--   x = b + lambda * U * (mean of s m_i V_i^T over those that are not 0)
-- For the linears of blocks; all other tensors have the mean of the deltas.
local dppa = require "dppa.v1"
local combine, spectral = require "dppa.combine", require "dppa.spectral"

return dppa.method {
  name = "knots",
  aliases = { "knots_ties" },
  summary = "KnOTS: deltas merged by TIES in the singular directions that they have in common.",
  comparisons = "The paper finds it above TIES by up to 4 points for adapters of vision and language models, lambda .4 to .6.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    {
      name = "density", default = 1, min = 0, max = 1,
      help = "share of each expert's coordinates to keep, over the model; below 1 all is decomposed several times",
    },
    spectral.lambda(), spectral.tolerance, spectral.precision,
  },
  returns = "a model",
  example = "knots(base, { a, b }, { density = 0.3, lambda = 0.6 })",
  run = function(base, deltas, o)
    return base + o.lambda * spectral.merge(deltas, { rule = function(parts)
      local u, s, vt = dppa.svd(dppa.hstack(parts), { tolerance = o.tolerance, precision = o.precision })
      local vs = spectral.split(vt, #parts)
      for i, v in ipairs(vs) do
        local kept = o.density < 1 and dppa.where(dppa.top(dppa.abs(v), o.density, "model"), v, 0) or v
        vs[i] = dppa.as_delta(kept)
      end
      -- Sums of exactly zero are left by what is cut alone.
      local merged = combine.elect(vs, { vote = o.density < 1 and "majority" or "plain" })
      return dppa.matmul(u, dppa.spread_rows(s, merged) * merged)
    end })
  end,
}
