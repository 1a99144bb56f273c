-- DARE (arXiv 2311.03099): drop a random share of each delta and make up for it, then merge by task arithmetic.
--   m_i = where(u < 1 - rate, x_i - b, 0), rescaled;   x = b + lambda * sum(w * m_i)
local dppa = require "dppa.v1"
local rescale = require "dppa.rescale"

return dppa.method {
  name = "dare",
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
    local sum
    for i, delta in ipairs(deltas) do
      local density = 1 - o.rate[i]
      local kept = dppa.where(delta:bernoulli(density, { seed = o.seed }), delta, 0)
      local part = rescale(kept, delta, density, o.rescale) * o.weights[i]
      sum = sum and sum + part or part
    end
    return base + o.lambda * sum
  end,
}
