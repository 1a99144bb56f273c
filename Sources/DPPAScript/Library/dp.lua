-- DP, Dynamically Pruning (DPPA, arXiv 2403.02799): every linear of a delta keeps a share of its own.
--   D(M)      the share of elements with |delta| > M * mean|delta|
--   density   1 - rate + lambda * spread(D per layer) + lambda * spread(D per linear, centred by size)
-- and each linear keeps that share of its largest elements.
local dppa = require "dppa.v1"
local abs, clamp, kth, max, mean, min, numel = dppa.abs, dppa.clamp, dppa.kth, dppa.max, dppa.mean, dppa.min, dppa.numel
local per_tensor, round_to, top, where = dppa.per_tensor, dppa.round_to, dppa.top, dppa.where

-- A number is the same on every field.
local function on(field, number) return type(number) == "number" and number or per_tensor(field, number) end

local options = {
  { name = "rate", default = 0.9, min = 0, max = 1, per = "tensor", finest = "tensor", help = "share of the delta to drop" },
  {
    name = "method", default = "dp", choices = { "dp", "owl", "magnitude", "uniform" },
    help = "dp, or what it is compared with",
  },
  { name = "level", default = "both", choices = { "both", "layer", "linear" }, help = "what gets a density of its own" },
  {
    name = "lambda", default = 0.08, min = 0, max = 1, per = "tensor", finest = "tensor",
    help = "largest shift of a density at either level",
  },
  { name = "layer_multiple", default = 3, min = 0, help = "an outlier of a layer is this many times its mean" },
  { name = "linear_multiple", default = 5, min = 0, help = "an outlier of a linear is this many times its mean" },
  {
    name = "scaling", default = "max_abs", choices = { "max_abs", "min_max" }, help = "of owl: the authors', or OWL's own",
  },
  {
    name = "compat", default = "exact", choices = { "exact", "reference" },
    help = "reference: the authors' masks bit by bit",
  },
  {
    name = "rest", default = "keep", choices = { "keep", "drop", "magnitude" },
    help = "what becomes of tensors that are no linears",
  },
  { name = "seed", kind = "count", default = 0, min = 0, help = "of uniform" },
  { name = "label", kind = "text", set = false, help = "goes before the names in the report" },
}

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

-- 100 times the share of outliers of each layer. The reference works in bfloat16 throughout.
local function layer_outliers(size, o)
  if o.compat ~= "reference" then return 100 * mean(size:gt(o.layer_multiple * mean(size, "layer")), "layer") end
  local layer_mean = round_to(mean(size, "layer"), "bf16")
  local quotient = where(layer_mean:gt(0), round_to(size / where(layer_mean:gt(0), layer_mean, 1), "bf16"), 0)
  return 100 * mean(quotient:gt(o.layer_multiple), "layer")
end

-- The same of each linear.
local function linear_outliers(size, o)
  local large = o.linear_multiple * mean(size, "tensor")
  if o.compat == "reference" then
    large = round_to(round_to(mean(size, "tensor"), "bf16") * o.linear_multiple, "bf16")
  end
  return 100 * mean(size:gt(large), "tensor")
end

-- The shift of each linear's density: it does not depend on the rate.
local function schedule(linears, o)
  local name = o.label and o.label .. " " or ""
  if o.method == "magnitude" or o.method == "uniform" then return 0 * numel(linears) end
  local size = abs(o.compat == "reference" and round_to(linears, "bf16") or linears)
  local lambda, shift = on(linears, o.lambda), nil
  if o.method == "owl" or o.level ~= "linear" then
    local layer = layer_outliers(size, o):named(name .. "layer outliers %")
    shift = o.method == "owl" and o.scaling == "min_max" and stretch(layer, lambda) or spread(layer, lambda)
  end
  if o.method == "dp" and o.level ~= "layer" then
    local linear = linear_outliers(size, o):named(name .. "linear outliers %")
    local relative = mean(linear, "model")
    local ratio = where(relative:gt(0), linear / where(relative:gt(0), relative, 1), 0)
    local part = spread(ratio, lambda, numel(linears))
    shift = shift and shift + part or part
  end
  return shift
end

-- The mask of what each linear keeps.
local function keep(linears, o)
  local rate = on(linears, o.rate)
  local name = (o.label and o.label .. " " or "") .. "%s" .. (type(rate) == "number" and " at " .. rate or "")
  local density = clamp(1 - rate + schedule(linears, o), 0, 1):named(string.format(name, "density"))
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
local function rest(o)
  if o.rest ~= "magnitude" then return o.rest end
  return function(others) return where(top(abs(others), 1 - on(others, o.rate), "tensor"), others, 0) end
end

local function method(name, argument, summary, returns, example, run)
  return dppa.method {
    name = "dp." .. name, summary = summary, returns = returns, example = example, run = run,
    arguments = { argument }, options = options,
  }
end
local linears, whole = { name = "linears", kind = "delta" }, { name = "delta", kind = "delta" }
local dp = {}

dp.schedule = method(
  "schedule", linears, "The shift of each linear's density: it does not depend on the rate.", "a value per tensor",
  "dp.schedule(delta:linears(), { lambda = 0.1 })", schedule)

dp.keep = method(
  "keep", linears, "The mask of what each linear keeps.", "a mask per element",
  "dp.keep(delta:linears(), { rate = dppa.gradient { 0.95, 0.8 } })", keep)

dp.prune = method(
  "prune", whole, "A delta of which each linear keeps its share.", "a delta",
  "base + dp.prune(expert - base, { rate = 0.9 })", function(delta, o)
    local function rule(part)
      return where(keep(part, o), o.compat == "reference" and round_to(part, "bf16") or part, 0)
    end
    return delta:apply(rule, { rest = rest(o) })
  end)

-- What dppa.dpa does to the tensors that are no linears.
dp.rest = dppa.method {
  name = "dp.rest", summary = "What becomes of tensors that are no linears: keep, drop, or a rule.", returns = "what apply takes",
  example = "delta:apply(rule, { rest = dp.rest { rest = \"magnitude\" } })", options = options, run = rest,
}

-- What share of a delta's elements pruning by linears can reach at all.
dp.eligible = dppa.method {
  name = "dp.eligible", summary = "How much of a delta is in linears: a share of its elements, and two counts of tensors.",
  returns = "the share, how many tensors are linears, and how many there are", arguments = { whole },
  example = "local share, linears, tensors = dp.eligible(expert - base)",
  run = function(delta)
    local part, count, elements, all = 0, 0, 0, dppa.facts(delta)
    for _, tensor in ipairs(dppa.facts(delta:linears())) do part, count = part + tensor.numel, count + 1 end
    for _, tensor in ipairs(all) do elements = elements + tensor.numel end
    return part / elements, count, #all
  end,
}

return dp
