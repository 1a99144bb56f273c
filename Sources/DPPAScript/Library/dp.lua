-- DP, Dynamically Pruning (DPPA, arXiv 2403.02799): every linear of a delta keeps a share of its own.
--   D(M)      the share of elements with |delta| > M * mean|delta|
--   density   1 - rate + lambda * spread(D per layer) + lambda * spread(D per linear, centred by size)
-- and each linear keeps that share of its largest elements.
local dppa = require "dppa.v1"
local abs, clamp, kth, max, mean, min, numel = dppa.abs, dppa.clamp, dppa.kth, dppa.max, dppa.mean, dppa.min, dppa.numel
local round_to, top, where = dppa.round_to, dppa.top, dppa.where

local defaults = {
  rate = 0.9,             -- the share of the delta to drop
  method = "dp",          -- or owl, magnitude, uniform: what it is compared with
  level = "both",         -- or layer, linear
  lambda = 0.08,          -- the largest shift of density at either level
  layer_multiple = 3, linear_multiple = 5,
  scaling = "max_abs",    -- of owl: or min_max, as OWL's paper has it
  compat = "exact",       -- or reference: the masks of the authors' program, bit by bit
  rest = "keep",          -- what is no linear: keep, drop, or magnitude at the same rate
  seed = 0,               -- of uniform
  label = false,          -- goes before the names in the report
}
local choices = {
  method = { dp = true, owl = true, magnitude = true, uniform = true },
  level = { both = true, layer = true, linear = true }, scaling = { max_abs = true, min_max = true },
  compat = { exact = true, reference = true }, rest = { keep = true, drop = true, magnitude = true },
}

local function options(given)
  local o = {}
  for key, value in pairs(defaults) do o[key] = value end
  for key, value in pairs(given or {}) do
    if defaults[key] == nil then error("dp has no option '" .. key .. "'", 3) end
    if choices[key] and not choices[key][value] then error("dp: " .. key .. " cannot be '" .. tostring(value) .. "'", 3) end
    o[key] = value
  end
  return o
end

-- Centred, and scaled so that the largest deviation is lambda; all equal: no adjustment.
local function spread(x, lambda, weight)
  local deviation = x - mean(x, "model", weight)
  local largest = max(abs(deviation), "model")
  return where(largest:gt(0), deviation * lambda / where(largest:gt(0), largest, 1), 0)
end

-- OWL's own scaling: the whole range becomes 2 lambda, centred.
local function stretch(x, lambda)
  local low, high = min(x, "model"), max(x, "model")
  local part = where((high - low):gt(0), 2 * lambda * (x - low) / where((high - low):gt(0), high - low, 1), 0)
  return part - mean(part, "model")
end

-- 100 times the share of outliers, per layer and per linear. The reference works in bfloat16 throughout.
local function outliers(size, o)
  if o.compat ~= "reference" then
    return 100 * mean(size:gt(o.layer_multiple * mean(size, "layer")), "layer"),
      100 * mean(size:gt(o.linear_multiple * mean(size, "tensor")), "tensor")
  end
  local function bf16(x) return round_to(x, "bf16") end
  local layer_mean = bf16(mean(size, "layer"))
  local quotient = where(layer_mean:gt(0), bf16(size / where(layer_mean:gt(0), layer_mean, 1)), 0)
  return 100 * mean(quotient:gt(o.layer_multiple), "layer"),
    100 * mean(size:gt(bf16(bf16(mean(size, "tensor")) * o.linear_multiple)), "tensor")
end

local dp = {}

-- The shift of each linear's density: it does not depend on the rate.
function dp.schedule(linears, given)
  local o = options(given)
  local name = o.label and o.label .. " " or ""
  if o.method == "magnitude" or o.method == "uniform" then return 0 * numel(linears) end
  local size = abs(o.compat == "reference" and round_to(linears, "bf16") or linears)
  local layer, linear = outliers(size, o)
  local shift
  if o.method == "owl" or o.level ~= "linear" then
    layer = layer:named(name .. "layer outliers %")
    shift = o.method == "owl" and o.scaling == "min_max" and stretch(layer, o.lambda) or spread(layer, o.lambda)
  end
  if o.method == "dp" and o.level ~= "layer" then
    linear = linear:named(name .. "linear outliers %")
    local relative = mean(linear, "model")
    local ratio = where(relative:gt(0), linear / where(relative:gt(0), relative, 1), 0)
    local part = spread(ratio, o.lambda, numel(linears))
    shift = shift and shift + part or part
  end
  return shift
end

-- The mask of what each linear keeps at a rate.
function dp.keep(linears, given)
  local o = options(given)
  if o.rate < 0 or o.rate > 1 then error("dp: rate must be between 0 and 1; it is " .. o.rate, 2) end
  local name = (o.label and o.label .. " " or "") .. "%s at " .. o.rate
  local density = clamp(1 - o.rate + dp.schedule(linears, given), 0, 1):named(string.format(name, "density"))
  local mask
  if o.method == "uniform" then
    mask = top(linears:uniform { seed = o.seed }, density, "tensor")
  elseif o.compat == "reference" then
    -- Everything at or below the element at index int(n * (1 - density)) goes.
    local size = abs(round_to(linears, "bf16"))
    mask = size:gt(kth(size, dppa.floor(numel(linears) * (1 - density)), "tensor"))
  else
    mask = top(abs(linears), density, "tensor")
  end
  dppa.count(mask, "tensor"):named(string.format(name, "kept"))
  return mask
end

-- What becomes of the tensors that are no linears.
function dp.rest(given)
  local o = options(given)
  if o.rest ~= "magnitude" then return o.rest end
  return function(others) return where(top(abs(others), 1 - o.rate, "tensor"), others, 0) end
end

-- A delta of which each linear keeps its share.
function dp.prune(delta, given)
  local function rule(linears)
    local kept = given and given.compat == "reference" and round_to(linears, "bf16") or linears
    return where(dp.keep(linears, given), kept, 0)
  end
  return delta:apply(rule, { rest = dp.rest(given) })
end

return dp
