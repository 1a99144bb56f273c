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
  if combine ~= "max" then error("dpa: combine must be max or assign; it is '" .. tostring(combine) .. "'", 4) end
  local result, largest = {}, nil
  for k = #factors, 1, -1 do
    largest = largest and math.max(largest, factors[k]) or factors[k]
    result[k] = largest
  end
  return result
end

return function(delta, given)
  local rates, combine, o = { 0.9, 0.8 }, "max", {}
  for key, value in pairs(given or {}) do
    if key == "rates" then rates = value elseif key == "combine" then combine = value else o[key] = value end
  end
  if #rates == 0 then error("dpa: rates must be a list such as { 0.9, 0.8 }", 2) end
  local linears, masks, rest = delta:linears(), {}, {}
  local reference = o.compat == "reference"
  for k, rate in ipairs(rates) do
    if k > 1 and rate >= rates[k - 1] then error("dpa: rates must fall; " .. rate .. " follows " .. rates[k - 1], 2) end
    o.rate = rate
    masks[k] = dp.keep(linears, o)
    rest[k] = dp.rest(o)
  end
  return function(factors)
    if #factors ~= #rates then error("dpa: " .. #rates .. " rates have " .. #factors .. " factors", 2) end
    local factor = on_partitions(factors, combine)
    local function rule(part)
      if reference then part = dppa.round_to(part, "bf16") end
      local amplified = 0
      -- From the largest set inwards: what an inner set holds is decided there.
      for k = #rates, 1, -1 do amplified = dppa.where(masks[k], factor[k] * part, amplified) end
      return amplified
    end
    local other = rest[1]
    local function first(others)
      if type(other) == "function" then others = other(others) end
      return factor[1] * others
    end
    return delta:apply(rule, { rest = other == "drop" and "drop" or first })
  end
end
