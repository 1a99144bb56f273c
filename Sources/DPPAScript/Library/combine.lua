-- What makes one delta of several.
--   sum     sum(w * d_i);  normalize: divided by sum(w)
--   elect   sum(w * d_i) over the deltas whose sign is the elected one: that of sum(w * d_i), or unless vote = "weighted"
--           of sum(d_i); a sum of 0 elects +, and with vote = "majority" the sign that most elements of the model elect, as
--           TIES is published.  normalize: divided by the weights that agree
local dppa = require "dppa.v1"
local abs, sign, where = dppa.abs, dppa.sign, dppa.where

local function total(parts)
  local sum
  for _, part in ipairs(parts) do sum = sum and sum + part or part end
  return sum
end

local function each(list, f)
  local result = {}
  for i, value in ipairs(list) do result[i] = f(value, i) end
  return result
end

-- What the sum of agreeing deltas is divided by. Weights of both signs may cancel but for rounding; as at a sum of exactly
-- zero, the sum then stays as it is.
local function divisor(weights, agreeing)
  local mixed
  for _, weight in ipairs(weights) do mixed = mixed or type(weight) ~= "number" or weight < 0 end
  local sum = total(each(weights, function(weight, i) return where(agreeing[i], weight, 0) end))
  if not mixed then return where(sum:eq(0), 1, sum) end
  local size = total(each(weights, function(weight, i)
    return where(agreeing[i], type(weight) == "number" and math.abs(weight) or abs(weight), 0)
  end))
  return where(abs(sum):gt(1e-6 * size), sum, 1)
end

local function method(name, summary, options, run)
  table.insert(options, 1, {
    name = "weights", default = 1, per = "expert", divides = "normalize", help = "weight of each delta",
  })
  return dppa.method {
    name = "combine." .. name, summary = summary, returns = "a delta", options = options, run = run,
    arguments = { { name = "deltas", kind = "experts" } },
    example = "base + combine." .. name .. "({ a - base, b - base }, { weights = { 1, 0.5 } })",
  }
end
local combine = {}

combine.sum = method(
  "sum", "The weighted sum of deltas.", {
    { name = "normalize", default = false, help = "divide by the sum of the weights" },
  }, function(deltas, o)
    local sum = total(each(deltas, function(delta, i) return delta * o.weights[i] end))
    return o.normalize and sum / dppa.weight_sum(o.weights) or sum
  end)

combine.elect = method(
  "elect", "The weighted mean of the deltas that agree with the sign elected for each element.", {
    { name = "normalize", default = true, help = "divide by the weights that agree" },
    {
      name = "vote", default = "weighted", choices = { "weighted", "plain", "majority" },
      help = "what elects: weighted deltas; plain ones; or these, and where they cancel the sign of most elements",
    },
  }, function(deltas, o)
    local parts = each(deltas, function(delta, i) return delta * o.weights[i] end)
    local votes = o.vote == "weighted" and parts or deltas
    local sum = total(votes)
    local elected = where(sum:ge(0), 1, -1)  -- a sum of exactly zero elects +
    if o.vote == "majority" then
      local most = where(dppa.sum(sign(sum), "model"):ge(0), 1, -1)
      elected = where(sum:eq(0), most, elected)
    end
    local agreeing = each(votes, function(vote) return sign(vote):eq(elected) end)
    local merged = total(each(parts, function(part, i) return where(agreeing[i], part, 0) end))
    return o.normalize and merged / divisor(o.weights, agreeing) or merged
  end)

return combine
