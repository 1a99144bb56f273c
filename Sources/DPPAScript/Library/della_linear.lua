-- DELLA without elected signs (arXiv 2406.11617): drop elements of each delta at random, in each row the smaller ones more
-- often, divide what is left by its own probability, and merge by task arithmetic.
--   p = density - e + 2 e rank / (m - 1),  e = min(epsilon, density, 1 - density);   E[where(u < p, d, 0) / p] = d
-- Every density works, 0 and 1 too, as the window is narrowed there; mergekit refuses them, and rescales by l1.
local dppa = require "dppa.v1"
local combine, mergekit, sparsify = require "dppa.combine", require "dppa.mergekit", require "dppa.sparsify"

return dppa.method {
  name = "della_linear",
  summary = "DELLA without elected signs: drop by rank at random, divide by the probability, add the rest to the base.",
  compat = "ranks as mergekit counts them, within the last dimension; what is left is scaled by l1, which leaves a "
    .. "tensor alone whose sum|d| is below 1e-7, before or after; its random numbers, where `seed` is its --random-seed "
    .. "(without one they are others every time): one stream of MT19937 over the tensors by name and in each over the experts of a density "
    .. "strictly between 0 and 1. Where density - epsilon or density + epsilon leaves 0 to 1, and of rows of one element, mergekit "
    .. "fails; here epsilon is narrowed, and such a row has p = density.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { of = sparsify.magprune, per = "expert", mergekit = { density = 1, epsilon = 0.15, rescale = "l1" } },
    { of = combine.sum },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
  },
  returns = "a model",
  example = "della_linear(base, { a, b }, { density = 0.5, weights = { 0.6, 0.4 } })",
  run = function(base, deltas, o)
    if o.compat ~= "none" then return mergekit.merge(base, deltas, o, "magprune", false) end
    local kept = {}
    for i, delta in ipairs(deltas) do
      local how = { density = o.density[i], epsilon = o.epsilon[i], rescale = o.rescale, seed = o.seed }
      kept[i] = sparsify.magprune(delta, how)
    end
    return base + o.lambda * combine.sum(kept, { weights = o.weights, normalize = o.normalize })
  end,
}
