-- TIES (arXiv 2306.01708): trim each delta to its largest elements, elect a sign for every element, and take the weighted
-- mean of the deltas that agree with it.
local dppa = require "dppa.v1"
local delta_of = require "dppa.delta_of"
local each = require "dppa.expert_weights"
local rescale = require "dppa.rescale"
local abs, sign, top, where = dppa.abs, dppa.sign, dppa.top, dppa.where

local function elect(parts)
  local total
  for _, part in ipairs(parts) do total = total and total + part or part end
  return where(total:ge(0), 1, -1)  -- a sum of exactly zero votes for +
end

return function(base, experts, o)
  local weights, density = each(experts, o.weights), o.density or 0.2
  local parts = {}
  for i, expert in ipairs(experts) do
    local delta = delta_of(expert, base)
    local trimmed = where(top(abs(delta), density, "tensor"), delta, 0)
    parts[i] = rescale(trimmed, delta, density, o.rescale) * weights[i]
  end
  local majority = elect(parts)
  local merged, total
  for i, part in ipairs(parts) do
    local agrees = sign(part):eq(majority)
    local kept, weight = where(agrees, part, 0), where(agrees, weights[i], 0)
    merged = merged and merged + kept or kept
    total = total and total + weight or weight
  end
  if o.normalize ~= false then merged = merged / where(total:eq(0), 1, total) end
  return base + (o.lambda or 1) * merged
end
