-- TIES (arXiv 2306.01708): trim each delta to its largest elements, elect a sign for every element, and take the weighted
-- mean of the deltas that agree with it.
--   x = b + lambda * sum(w_i t_i) / sum(w_i)  over the t_i of the elected sign,  t_i = d_i where it is among the largest
-- As in mergekit, every tensor is trimmed by itself and weights count in the election. As published: scope = "model",
-- vote = "majority".
local dppa = require "dppa.v1"
local combine, mergekit, sparsify = require "dppa.combine", require "dppa.mergekit", require "dppa.sparsify"

return dppa.method {
  name = "ties",
  summary = "TIES: trim each delta to its largest elements, elect signs, take the mean of what agrees.",
  comparisons = "On language models typically no better than the base, often worse (arXiv 2511.21437). On eight vision tasks "
    .. "72.4, task arithmetic 69.1 (ViT-B/32, arXiv 2503.08099). MergeBench (arXiv 2505.10833) takes density 0.3, "
    .. "lambda 0.4 for five domain experts of 2 to 9 B.",
  compat = "floor(density * n) elements stay, at least one; which of equal ones, mergekit leaves to its sort, here "
    .. "the first. l1 leaves a tensor alone whose sum|d| is below 1e-7, before or after. Weights that cancel exactly where signs "
    .. "agree count as 1; of those that nearly do the quotient is as large as it is.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { of = sparsify.magnitude, per = "expert", mergekit = { density = 1 } },
    { of = combine.elect },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
  },
  returns = "a model",
  example = "ties(base, { a, b }, { density = { 0.2, dppa.gradient { 0.1, 0.3 } }, weights = { 1, 0.5 } })",
  run = function(base, deltas, o)
    if o.compat ~= "none" then return mergekit.merge(base, deltas, o, "magnitude", true) end
    local trimmed = {}
    for i, delta in ipairs(deltas) do
      trimmed[i] = sparsify.magnitude(delta, { density = o.density[i], scope = o.scope, rescale = o.rescale })
    end
    return base + o.lambda * combine.elect(trimmed, { weights = o.weights, normalize = o.normalize, vote = o.vote })
  end,
}
