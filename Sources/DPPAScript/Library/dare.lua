-- DARE (arXiv 2311.03099): drop a random share of each delta and make up for it, then merge by task arithmetic.
--   m_i = where(u < 1 - rate, x_i - b, 0) / (1 - rate);   x = b + lambda * sum(w * m_i)
-- rescale = "l1" is what mergekit does. With a large rate, or large deltas, a factor between 1 and 1 / (1 - rate) is better
-- (DAREx, arXiv 2410.09344): m_i is divided by q instead, which scoring finds, from 1 - rate to 1.
local dppa = require "dppa.v1"
local combine, mergekit, sparsify = require "dppa.combine", require "dppa.mergekit", require "dppa.sparsify"

return dppa.method {
  name = "dare",
  aliases = { "dare_linear" },
  summary = "DARE: drop a random share of each delta, make up for it, add the rest to the base.",
  comparisons = "MergeBench (arXiv 2505.10833) takes rate 0.9, lambda 0.4 for five domain experts of 2 to 9 B.",
  compat = "scaled by l1, which leaves a tensor alone whose sum|d| is below 1e-7, before or after; its random numbers, "
    .. "where `seed` is its --random-seed (without one they are others every time): one stream of MT19937 over the tensors by "
    .. "name and in each over the experts of a density below 1. Weights that add up to nothing count as 1.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { name = "rate", default = 0.8, mergekit = 0, min = 0, max = 1, per = "expert", help = "share of each delta to drop" },
    { of = sparsify.random, except = { "density" }, per = "expert", mergekit = { rescale = "l1" } },
    { of = combine.sum },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
  },
  returns = "a model",
  example = "dare(base, { a, b }, { rate = { 0.9, 0.8 }, seed = 1 })",
  run = function(base, deltas, o)
    if o.compat ~= "none" then return mergekit.merge(base, deltas, o, "random", false) end
    local kept = {}
    for i, delta in ipairs(deltas) do
      local how = { density = 1 - o.rate[i], q = o.q and o.q[i], rescale = o.rescale, seed = o.seed }
      kept[i] = sparsify.random(delta, how)
    end
    return base + o.lambda * combine.sum(kept, { weights = o.weights, normalize = o.normalize })
  end,
}
