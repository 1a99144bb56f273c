-- Model breadcrumbs (arXiv 2312.06795) with TIES: drop the largest and the smallest elements of each delta, elect a sign for
-- every element, and take the weighted mean of the deltas that agree with it. Where signs are elected the mean is the
-- default, as in ties and della; mergekit's breadcrumbs_ties takes the sum unless it is told to normalize.
local dppa = require "dppa.v1"
local combine, mergekit, sparsify = require "dppa.combine", require "dppa.mergekit", require "dppa.sparsify"

return dppa.method {
  name = "breadcrumbs_ties",
  summary = "Breadcrumbs with TIES: drop the largest and the smallest elements, elect signs, take the mean of what agrees.",
  compat = "the sum, not the mean; floor(density * n) elements stay, below the floor(gamma * n) largest; which of equal "
    .. "ones, mergekit leaves to its sort, here the first. l1 leaves a tensor alone whose sum|d| is below 1e-7, before or after.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { of = sparsify.breadcrumbs, per = "expert", mergekit = { density = 1 } },
    { of = combine.elect, mergekit = { normalize = false } },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
  },
  returns = "a model",
  example = "breadcrumbs_ties(base, { a, b }, { density = 0.5, gamma = 0.02 })",
  run = function(base, deltas, o)
    if o.compat ~= "none" then return mergekit.merge(base, deltas, o, "breadcrumbs", true) end
    local kept = {}
    for i, delta in ipairs(deltas) do
      kept[i] = sparsify.breadcrumbs(delta, { density = o.density[i], gamma = o.gamma[i], rescale = o.rescale })
    end
    return base + o.lambda * combine.elect(kept, { weights = o.weights, normalize = o.normalize, vote = o.vote })
  end,
}
