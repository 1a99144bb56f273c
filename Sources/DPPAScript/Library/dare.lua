-- DARE (arXiv 2311.03099): drop a random share of each delta and make up for it, then merge by task arithmetic.
--   m_i = where(u < 1 - rate, x_i - b, 0), rescaled;   x = b + lambda * sum(w * m_i)
local dppa = require "dppa.v1"
local combine, sparsify = require "dppa.combine", require "dppa.sparsify"

return dppa.method {
  name = "dare",
  aliases = { "dare_linear" },
  summary = "DARE: drop a random share of each delta, make up for it, add the rest to the base.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { name = "rate", default = 0.8, min = 0, max = 1, per = "expert", help = "share of each delta to drop" },
    { name = "weights", default = 1, per = "expert", help = "weight of each delta" },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
    {
      name = "rescale", default = "inverse", choices = { "none", "inverse", "l1" }, help = "make up for what was dropped",
    },
    { name = "seed", kind = "count", default = 0, min = 0, help = "seed of the random masks" },
  },
  returns = "a model",
  example = "dare(base, { a, b }, { rate = { 0.9, 0.8 }, seed = 1 })",
  run = function(base, deltas, o)
    local kept = {}
    for i, delta in ipairs(deltas) do
      kept[i] = sparsify.random(delta, { density = 1 - o.rate[i], rescale = o.rescale, seed = o.seed })
    end
    return base + o.lambda * combine.sum(kept, { weights = o.weights })
  end,
}
