-- Model breadcrumbs (arXiv 2312.06795): drop the largest and the smallest elements of each delta, then merge by task
-- arithmetic. Of n elements the gamma n largest go and the density n largest of the others stay.
local dppa = require "dppa.v1"
local combine, mergekit, sparsify = require "dppa.combine", require "dppa.mergekit", require "dppa.sparsify"

return dppa.method {
  name = "breadcrumbs",
  summary = "Model breadcrumbs: drop the largest and the smallest elements of each delta, add the rest to the base.",
  compat = "floor(density * n) elements stay, below the floor(gamma * n) largest; which of equal ones, mergekit "
    .. "leaves to its sort, here the first. l1 leaves a tensor alone whose sum|d| is below 1e-7, before or after.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { of = sparsify.breadcrumbs, per = "expert", mergekit = { density = 1 } },
    { of = combine.sum },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
  },
  returns = "a model",
  example = "breadcrumbs(base, { a, b }, { density = 0.85, gamma = { 0.01, 0.02 }, lambda = 0.5 })",
  run = function(base, deltas, o)
    if o.compat ~= "none" then return mergekit.merge(base, deltas, o, "breadcrumbs", false) end
    local kept = {}
    for i, delta in ipairs(deltas) do
      kept[i] = sparsify.breadcrumbs(delta, { density = o.density[i], gamma = o.gamma[i], rescale = o.rescale })
    end
    return base + o.lambda * combine.sum(kept, { weights = o.weights, normalize = o.normalize })
  end,
}
