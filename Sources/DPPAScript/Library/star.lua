-- STAR (arXiv 2502.10339): each delta loses its weak directions, which is where experts get into each other's way, and the
-- strong ones make up for it.
--   d_i = sum(s_r u_r v_r^T);  the first triplets stay up to the one with which they have the share eta of sum(s)
--   x = b + lambda * mean over i of sum(s) / sum(s that stay) * sum(s_r u_r v_r^T that stay)
-- For the linears of blocks; all other tensors have the mean of the deltas.
local dppa = require "dppa.v1"
local spectral = require "dppa.spectral"
local cumsum, sum, where = dppa.cumsum, dppa.sum, dppa.where

return dppa.method {
  name = "star",
  summary = "STAR: the mean of deltas without their weak singular directions, each rescaled to the sum that it had.",
  comparisons = "The paper merges up to 20 language models with one eta, and finds .4 good throughout.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { name = "eta", default = 0.4, min = 0, max = 1, per = "tensor", help = "share of the sum of singular values to keep" },
    spectral.lambda(), spectral.precision,
  },
  returns = "a model",
  example = "star(base, { a, b }, { eta = 0.5 })",
  run = function(base, deltas, o)
    return base + o.lambda * spectral.merge(deltas, { rule = function(parts)
      local merged
      for _, part in ipairs(parts) do
        local u, s, vt = dppa.svd(part, { precision = o.precision })
        local all, before = sum(s, "tensor"), cumsum(s) - s
        local strong = where(before:lt(spectral.on(part, o.eta) * all) | before:eq(0), s, 0)
        local left = sum(strong, "tensor")
        local one = all / where(left:eq(0), 1, left) * spectral.compose(u, strong, vt) / #parts
        merged = merged and merged + one or one
      end
      return merged
    end })
  end,
}
