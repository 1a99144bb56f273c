-- SCE (FuseChat 3, arXiv 2408.07990): select the elements in which the deltas differ most, calculate a weight for each delta
-- from its energy, erase what disagrees with the elected sign.
--   m    the select_topk * count(V > 0) elements of largest V, the variance over the deltas;  1: all elements
--   c_i  mean((m d_i)^2), shared out to 1;   x = b + lambda * sum(c_i m d_i) / sum(c_i)  over the deltas that agree
-- Weights are calculated however small the deltas are; mergekit takes equal ones below a mean square of 1e-6.
local dppa = require "dppa.v1"
local combine, mergekit = require "dppa.combine", require "dppa.mergekit"
local count, floor, maximum, mean, sign, top, where =
  dppa.count, dppa.floor, dppa.maximum, dppa.mean, dppa.sign, dppa.top, dppa.where

-- The mask of the elements in which deltas differ most; `rounding` is what a product may miss a whole number by.
local function select_elements(deltas, share, rounding)
  -- Of differences, because the mean of equal deltas may miss them by its rounding, and equal ones do not differ.
  local variance
  for i, delta in ipairs(deltas) do
    for j = 1, i - 1 do
      local apart = (delta - deltas[j]) / #deltas
      variance = variance and variance + apart * apart or apart * apart
    end
  end
  variance = variance or 0 * dppa.weights(deltas[1])
  local mask = top(variance, { count = floor(share * count(variance:gt(0), "tensor") + rounding) }, "tensor")
  return type(share) == "number" and mask or mask | share:ge(1)
end

-- The mean of what agrees as mergekit has it: what it is divided by is at least 1e-6.
local function elected(parts, weights)
  local majority = where(combine.sum(parts):ge(0), 1, -1)
  local sum, divisor
  for i, part in ipairs(parts) do
    local weight = where(sign(part):eq(majority), weights[i], 0)
    sum, divisor = sum and sum + part * weight or part * weight, divisor and divisor + weight or weight
  end
  return sum / maximum(divisor, 1e-6)
end

return dppa.method {
  name = "sce",
  summary = "SCE: select the elements in which deltas differ, weight deltas by their energy, erase what disagrees.",
  compat = "floor(select_topk * count) elements; equal weights where the sum of the mean squares is below 1e-6, as "
    .. "deltas of about 7e-4 or less have; a sum of weights is at least 1e-6. The variance is rounded otherwise, so that of elements "
    .. "that differ in its last bits another may be selected.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    {
      name = "select_topk", default = 1, min = 0, max = 1, per = "tensor", finest = "tensor",
      help = "share of the elements in which deltas differ that is merged; 1: of all",
    },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
  },
  returns = "a model",
  example = "sce(base, { a, b }, { select_topk = 0.1 })",
  run = function(base, deltas, o)
    local is_mergekit = mergekit.is_single(o)
    local mask = o.select_topk ~= 1 and select_elements(deltas, o.select_topk, is_mergekit and 0 or 1e-6)
    local parts, energies, all = {}, {}, nil
    for i, delta in ipairs(deltas) do
      parts[i] = mask and where(mask, delta, 0) or delta
      energies[i] = mean(parts[i] * parts[i], "tensor")
      all = all and all + energies[i] or energies[i]
    end
    local weights = {}
    if is_mergekit then
      for i, energy in ipairs(energies) do weights[i] = where(all:lt(1e-6), 1 / #deltas, energy / all) end
      return base + o.lambda * elected(parts, weights)
    end
    for i, energy in ipairs(energies) do weights[i] = where(all:eq(0), 1, energy / all) end
    return base + o.lambda * combine.elect(parts, { weights = weights, vote = "plain" })
  end,
}
