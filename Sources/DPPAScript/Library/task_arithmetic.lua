-- task arithmetic (arXiv 2212.04089): the weighted sum of the experts' deltas, scaled, on the base.
--   x = b + lambda * sum(w * (x_i - b));   normalize: the sum is divided by sum(w)
local dppa = require "dppa.v1"
local delta_of = require "dppa.delta_of"
local each = require "dppa.expert_weights"

return function(base, experts, o)
  local weights = each(experts, o.weights)
  local sum, total
  for i, expert in ipairs(experts) do
    local part = delta_of(expert, base) * weights[i]
    sum = sum and sum + part or part
    total = total and total + weights[i] or weights[i]
  end
  if o.normalize then sum = sum / total end
  return base + (o.lambda or 1) * sum
end
