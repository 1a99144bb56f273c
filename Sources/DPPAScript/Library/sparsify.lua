-- What makes a delta sparse: each gives the delta with 0 for what it drops, and `rescale` makes up for that (dppa.rescale).
--   magnitude     the largest |d| of the tensor, or of the model, stay (TIES); among equals the lowest flat index
--   random        each element stays with probability density (DARE), and is divided by it, or by q (DAREx)
--   magprune      each element stays with a probability p that grows with the rank of |d| in its row (DELLA):
--                 p = density - e + 2 e rank / (m - 1),  e = min(epsilon, density, 1 - density);  m = 1: p = density
--   breadcrumbs   the gamma n largest |d| go, the density n largest of the others stay
local dppa = require "dppa.v1"
local rescale = require "dppa.rescale"
local abs, floor, max, minimum, numel, rank = dppa.abs, dppa.floor, dppa.max, dppa.minimum, dppa.numel, dppa.rank
local top, where = dppa.top, dppa.where

local function share(name, default, help, finest)
  return { name = name, default = default, min = 0, max = 1, per = "tensor", finest = finest or "tensor", help = help }
end
local function density(default) return share("density", default, "share of a delta to keep") end
local probability = share("density", 0.2, "probability of each element to stay", "element")
local function how(default)
  return {
    name = "rescale", default = default, choices = { "none", "inverse", "l1", "l2" }, help = "make up for what was dropped",
  }
end
local seed = { name = "seed", kind = "count", default = 0, min = 0, help = "seed of the random masks" }

local function method(name, summary, options, run)
  return dppa.method {
    name = "sparsify." .. name, summary = summary, returns = "a delta", options = options, run = run,
    arguments = { { name = "delta", kind = "delta" } },
    example = "base + sparsify." .. name .. "(expert - base, { density = 0.3 })",
  }
end
local sparsify = {}

sparsify.magnitude = method(
  "magnitude", "Keeps the largest elements of each tensor, or of the model.", {
    density(0.2), {
      name = "scope", default = "tensor", choices = { "tensor", "model" },
      help = "what keeps its share: each tensor, or the model as one, so that tensors differ in theirs",
    }, how "none",
  }, function(delta, o)
    if o.scope == "model" and type(o.density) ~= "number" then
      error("the model as one has one density; it is a field: give a number, or scope = \"tensor\"")
    end
    return rescale(where(top(abs(delta), o.density, o.scope), delta, 0), delta, o.density, o.rescale)
  end)

sparsify.random = method("random", "Keeps a random share of each tensor.", {
  probability, how "inverse", {
    name = "q", kind = "number", min = 1e-6, max = 1, per = "tensor",
    help = "what is kept is divided by this in place of the share that is kept",
  }, seed,
}, function(delta, o)
  if o.q and o.rescale ~= "inverse" then error("q is for rescale = \"inverse\"; rescale is \"" .. o.rescale .. "\"") end
  return rescale(where(delta:bernoulli(o.density, { seed = o.seed }), delta, 0), delta, o.q or o.density, o.rescale)
end)

sparsify.magprune = method(
  "magprune", "Keeps a random share of each row, its larger elements more often.", {
    density(0.7), share("epsilon", 0.07, "how far the probability of a row's ends is from density; less where 0 or 1 is nearer"),
    how "inverse", seed,
  }, function(delta, o)
    local place = rank(abs(delta), "row")
    local last = max(place, "row")
    local reach = minimum(minimum(o.epsilon, o.density), 1 - o.density)
    local p = o.density + reach * where(last:gt(0), 2 * place / last - 1, 0)
    return rescale(where(delta:bernoulli(p, { seed = o.seed }), delta, 0), delta, p, o.rescale)
  end)

-- A product that misses a whole number by rounding alone is that number.
local function whole(x) return floor(x + 1e-6) end

sparsify.breadcrumbs = method(
  "breadcrumbs", "Drops the largest and the smallest elements of each tensor.", {
    density(0.9), share("gamma", 0.01, "share of a delta's largest elements to drop"), how "none",
  }, function(delta, o)
    local size, n = abs(delta), numel(delta)
    local kept = whole(o.density * n)
    local dropped = minimum(whole(o.gamma * n), n - kept)
    local mask = top(size, { count = dropped + kept }, "tensor") & ~top(size, { count = dropped }, "tensor")
    return rescale(where(mask, delta, 0), delta, o.density, o.rescale)
  end)

return sparsify
