-- TIES (arXiv 2306.01708): trim each delta to its largest elements, elect a sign for every element, and take the weighted
-- mean of the deltas that agree with it.
local dppa = require "dppa.v1"
local rescale = require "dppa.rescale"
local abs, sign, top, where = dppa.abs, dppa.sign, dppa.top, dppa.where

local function elect(parts)
  local total
  for _, part in ipairs(parts) do total = total and total + part or part end
  return where(total:ge(0), 1, -1)  -- a sum of exactly zero votes for +
end

-- What the sum of agreeing deltas is divided by. Weights of both signs may cancel but for rounding; as at a sum of exactly
-- zero, the sum then stays as it is.
local function divisor(weights, agreeing)
  local total, size, mixed
  for i, weight in ipairs(weights) do
    local part = where(agreeing[i], weight, 0)
    total = total and total + part or part
    mixed = mixed or type(weight) ~= "number" or weight < 0
  end
  if not mixed then return where(total:eq(0), 1, total) end
  for i, weight in ipairs(weights) do
    local part = where(agreeing[i], type(weight) == "number" and math.abs(weight) or abs(weight), 0)
    size = size and size + part or part
  end
  return where(abs(total):gt(1e-6 * size), total, 1)
end

return dppa.method {
  name = "ties",
  summary = "TIES: trim each delta to its largest elements, elect signs, take the mean of what agrees.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    {
      name = "density", default = 0.2, min = 0, max = 1, per = "expert", finest = "tensor",
      help = "share of each delta to keep",
    },
    { name = "weights", default = 1, per = "expert", divides = "normalize", help = "weight of each delta" },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
    { name = "normalize", default = true, help = "divide by the weights that agree" },
    { name = "rescale", default = "none", choices = { "none", "inverse", "l1" }, help = "make up for what was trimmed" },
  },
  returns = "a model",
  example = "ties(base, { a, b }, { density = { 0.2, dppa.gradient { 0.1, 0.3 } }, weights = { 1, 0.5 } })",
  run = function(base, deltas, o)
    local parts = {}
    for i, delta in ipairs(deltas) do
      local trimmed = where(top(abs(delta), o.density[i], "tensor"), delta, 0)
      parts[i] = rescale(trimmed, delta, o.density[i], o.rescale) * o.weights[i]
    end
    local majority, agreeing, merged = elect(parts), {}, nil
    for i, part in ipairs(parts) do
      agreeing[i] = sign(part):eq(majority)
      local kept = where(agreeing[i], part, 0)
      merged = merged and merged + kept or kept
    end
    if o.normalize then merged = merged / divisor(o.weights, agreeing) end
    return base + o.lambda * merged
  end,
}
