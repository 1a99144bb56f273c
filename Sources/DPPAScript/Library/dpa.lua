-- DPA, Dynamically Partition Amplification (DPPA, arXiv 2403.02799): what DP keeps is split into partitions by importance,
-- and each partition is amplified by a factor of its own.
--   K_1 inside K_2 inside …   what DP keeps at the rates r_1 > r_2 > …
--   P_k                       what K_k has and K_(k-1) has not
-- gives a function from factors to the amplified delta, so that candidates share everything but their factors.
local dppa = require "dppa.v1"
local dp = require "dppa.dp"

-- The authors' program takes the larger of the amplified sets, so the factor on P_k is the largest of f_k, f_(k+1), …
local function on_partitions(factors, combine)
  if combine == "assign" then return factors end
  local result, largest = {}, nil
  for k = #factors, 1, -1 do
    largest = largest and math.max(largest, factors[k]) or factors[k]
    result[k] = largest
  end
  return result
end

return dppa.method {
  name = "dpa",
  summary = "Splits what DP keeps of a delta into partitions, each to be amplified by a factor of its own.",
  arguments = { { name = "delta", kind = "delta" } },
  options = {
    {
      name = "rates", default = { 0.9, 0.8 }, min = 0, max = 1, nonempty = true,
      help = "pruning rates, falling numbers and no fields: the partitions between them are amplified",
    },
    {
      name = "combine", default = "max", choices = { "max", "assign" }, help = "the authors' program, or the paper's text",
    },
    { of = dp.keep, except = { "rate" } },
  },
  returns = "a function from factors, one for each rate, to the amplified delta",
  example = "local amplified = dpa(expert - base, { rates = { 0.9, 0.8 } }) { 1.8, 1 }",
  run = function(delta, o)
    local linears, masks, rest, rates = delta:linears(), {}, nil, o.rates
    local reference = o.compat == "reference"
    for k, rate in ipairs(rates) do
      if k > 1 and rate >= rates[k - 1] then error("dpa: rates must fall; " .. rate .. " follows " .. rates[k - 1]) end
      local one = { rate = rate }
      for key, value in pairs(o) do
        if key ~= "rates" and key ~= "combine" then one[key] = value end
      end
      masks[k] = dp.keep(linears, one)
      rest = rest or dp.rest(one)
    end
    return function(factors)
      if type(factors) ~= "table" or #factors ~= #rates then
        error("dpa: " .. #rates .. " rates need as many factors; there are " .. (type(factors) == "table" and #factors or "none"))
      end
      local factor = on_partitions(factors, o.combine)
      local function rule(part)
        if reference then part = dppa.round_to(part, "bf16") end
        local amplified = 0
        -- From the largest set inwards: what an inner set holds is decided there.
        for k = #rates, 1, -1 do amplified = dppa.where(masks[k], factor[k] * part, amplified) end
        return amplified
      end
      local function first(others)
        if type(rest) == "function" then others = rest(others) end
        return factor[1] * others
      end
      return delta:apply(rule, { rest = rest == "drop" and "drop" or first })
    end
  end,
}
