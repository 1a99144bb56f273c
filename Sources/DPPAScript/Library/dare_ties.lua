-- DARE with TIES (arXiv 2311.03099): drop a random share of each delta and make up for it, elect a sign for every element,
-- and take the weighted mean of the deltas that agree with it. Where signs are elected the mean is the default, as in ties and
-- della; mergekit's dare_ties takes the sum unless it is told to normalize.
local dppa = require "dppa.v1"
local combine, mergekit, sparsify = require "dppa.combine", require "dppa.mergekit", require "dppa.sparsify"

return dppa.method {
  name = "dare_ties",
  summary = "DARE with TIES: drop a random share of each delta, make up for it, elect signs, take the mean of what agrees.",
  compat = "the sum, not the mean, scaled by l1; l1 leaves a tensor alone whose sum|d| is below 1e-7, before or after; "
    .. "its random numbers, where `seed` is its --random-seed (without one they are others every time): one stream of "
    .. "MT19937 over the tensors by name and in each over the experts of a density below 1.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { name = "rate", default = 0.8, mergekit = 0, min = 0, max = 1, per = "expert", help = "share of each delta to drop" },
    { of = sparsify.random, except = { "density" }, per = "expert", mergekit = { rescale = "l1" } },
    { of = combine.elect, mergekit = { normalize = false } },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
  },
  returns = "a model",
  example = "dare_ties(base, { a, b }, { rate = 0.5, lambda = 0.8 })",
  run = function(base, deltas, o)
    if o.compat ~= "none" then return mergekit.merge(base, deltas, o, "random", true) end
    local kept = {}
    for i, delta in ipairs(deltas) do
      local how = { density = 1 - o.rate[i], q = o.q and o.q[i], rescale = o.rescale, seed = o.seed }
      kept[i] = sparsify.random(delta, how)
    end
    return base + o.lambda * combine.elect(kept, { weights = o.weights, normalize = o.normalize, vote = o.vote })
  end,
}
