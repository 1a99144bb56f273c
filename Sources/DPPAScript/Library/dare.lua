-- DARE (arXiv 2311.03099): drop a random share of each delta and make up for it, then merge by task arithmetic.
--   m_i = where(u < 1 - rate, x_i - b, 0) / (1 - rate);   x = b + lambda * sum(w * m_i)
-- rescale = "l1" is what mergekit does. With a large rate, or large deltas, a factor between 1 and 1 / (1 - rate) is better
-- (DAREx, arXiv 2410.09344): m_i is divided by q instead, which scoring finds, from 1 - rate to 1.
local dppa = require "dppa.v1"
local combine, sparsify = require "dppa.combine", require "dppa.sparsify"

return dppa.method {
  name = "dare",
  aliases = { "dare_linear" },
  summary = "DARE: drop a random share of each delta, make up for it, add the rest to the base.",
  comparisons = "MergeBench (arXiv 2505.10833) takes rate 0.9, lambda 0.4 for five domain experts of 2 to 9 B.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { name = "rate", default = 0.8, min = 0, max = 1, per = "expert", help = "share of each delta to drop" },
    { of = sparsify.random, except = { "density" }, per = "expert" },
    { of = combine.sum, except = { "normalize" } },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
  },
  returns = "a model",
  example = "dare(base, { a, b }, { rate = { 0.9, 0.8 }, seed = 1 })",
  run = function(base, deltas, o)
    local kept = {}
    for i, delta in ipairs(deltas) do
      local how = { density = 1 - o.rate[i], q = o.q and o.q[i], rescale = o.rescale, seed = o.seed }
      kept[i] = sparsify.random(delta, how)
    end
    return base + o.lambda * combine.sum(kept, { weights = o.weights })
  end,
}
