-- DARE with TIES (arXiv 2311.03099): drop a random share of each delta and make up for it, elect a sign for every element,
-- and take the weighted mean of the deltas that agree with it. Where signs are elected the mean is the default, as in ties and
-- della; mergekit's dare_ties takes the sum unless it is told to normalize.
local dppa = require "dppa.v1"
local combine, sparsify = require "dppa.combine", require "dppa.sparsify"

return dppa.method {
  name = "dare_ties",
  summary = "DARE with TIES: drop a random share of each delta, make up for it, elect signs, take the mean of what agrees.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { name = "rate", default = 0.8, min = 0, max = 1, per = "expert", help = "share of each delta to drop" },
    { of = sparsify.random, except = { "density" }, per = "expert" },
    { of = combine.elect },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
  },
  returns = "a model",
  example = "dare_ties(base, { a, b }, { rate = 0.5, lambda = 0.8 })",
  run = function(base, deltas, o)
    local kept = {}
    for i, delta in ipairs(deltas) do
      local how = { density = 1 - o.rate[i], q = o.q and o.q[i], rescale = o.rescale, seed = o.seed }
      kept[i] = sparsify.random(delta, how)
    end
    return base + o.lambda * combine.elect(kept, { weights = o.weights, normalize = o.normalize, vote = o.vote })
  end,
}
