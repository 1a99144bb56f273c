-- DARE (arXiv 2311.03099): drop a random share of each delta and make up for it, then merge by task arithmetic.
--   m_i = where(u < 1 - rate, x_i - b, 0), rescaled;   x = b + lambda * sum(w * m_i)
local dppa = require "dppa.v1"
local delta_of = require "dppa.delta_of"
local each = require "dppa.expert_weights"
local rescale = require "dppa.rescale"
local where = dppa.where

return function(base, experts, o)
  local weights = each(experts, o.weights)
  local density = 1 - (o.rate or 0.8)
  local sum
  for i, expert in ipairs(experts) do
    local delta = delta_of(expert, base)
    local kept = where(delta:bernoulli(density, { seed = o.seed or 0 }), delta, 0)
    local part = rescale(kept, delta, density, o.rescale or "inverse") * weights[i]
    sum = sum and sum + part or part
  end
  return base + (o.lambda or 1) * sum
end
