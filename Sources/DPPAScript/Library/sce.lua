-- SCE (FuseChat 3, arXiv 2408.07990): select the elements in which the deltas differ most, calculate a weight for each delta
-- from its energy, erase what disagrees with the elected sign.
--   m    the select_topk * count(V > 0) elements of largest V, the variance over the deltas;  1: all elements
--   c_i  mean((m d_i)^2), shared out to 1;   x = b + lambda * sum(c_i m d_i) / sum(c_i)  over the deltas that agree
-- Weights are calculated however small the deltas are; mergekit takes equal ones below a mean square of 1e-6.
local dppa = require "dppa.v1"
local combine = require "dppa.combine"
local count, mean, floor, top, where = dppa.count, dppa.mean, dppa.floor, dppa.top, dppa.where

-- The mask of the elements in which deltas differ most.
local function select_elements(deltas, share)
  local middle, variance = combine.sum(deltas) / #deltas, nil
  for _, delta in ipairs(deltas) do
    local square = (delta - middle) * (delta - middle) / #deltas
    variance = variance and variance + square or square
  end
  local mask = top(variance, { count = floor(share * count(variance:gt(0), "tensor") + 1e-6) }, "tensor")
  return type(share) == "number" and mask or mask | share:ge(1)
end

return dppa.method {
  name = "sce",
  summary = "SCE: select the elements in which deltas differ, weight deltas by their energy, erase what disagrees.",
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
    local mask, parts, energies, all = o.select_topk ~= 1 and select_elements(deltas, o.select_topk), {}, {}, nil
    for i, delta in ipairs(deltas) do
      parts[i] = mask and where(mask, delta, 0) or delta
      energies[i] = mean(parts[i] * parts[i], "tensor")
      all = all and all + energies[i] or energies[i]
    end
    local weights = {}
    for i, energy in ipairs(energies) do weights[i] = where(all:eq(0), 1, energy / all) end
    return base + o.lambda * combine.elect(parts, { weights = weights, vote = "plain" })
  end,
}
