-- What `compat = "mergekit"` computes where deltas are made sparse and combined: mergekit 0.1.5 on a processor, step by step.
--   1  d_i = x_i - b, sparse: of n elements floor(density * n), with rescale = "l1" times sum|d_i| / sum|what is kept|
--   2  e_i = w_i d_i;   m = sum(e_i), or of the e_i whose sign is that of the sum, where a sum of 0 counts as +
--   3  normalize: m / sum(w_i), of those that agree; a sum of nothing counts as 1.   x = b + lambda m
-- "mergekit_bf16" rounds to bfloat16 after every step, as mergekit does with `dtype: bfloat16`; "mergekit" is its float32.
local dppa = require "dppa.v1"
local rescale = require "dppa.rescale"
local abs, count, floor, max, maximum, minimum =
  dppa.abs, dppa.count, dppa.floor, dppa.max, dppa.maximum, dppa.minimum
local numel, rank, round_to, sign, sum, top, where =
  dppa.numel, dppa.rank, dppa.round_to, dppa.sign, dppa.sum, dppa.top, dppa.where

local mergekit = {}

mergekit.round = dppa.method {
  name = "mergekit.round",
  summary = "Elements as mergekit's working type holds them after a step.",
  arguments = { { name = "x", kind = "field" } },
  compat = "nothing, as float32 is what elements are computed in; \"mergekit_bf16\" rounds them to bfloat16.",
  returns = "the same kind of field",
  example = "mergekit.round(expert - base, { compat = \"mergekit_bf16\" })",
  run = function(x, o) return o.compat == "mergekit_bf16" and round_to(x, "bf16") or x end,
}

-- How mergekit's working type holds numbers: `steps` rounds what is done to elements, `numbers` what is one for a tensor.
function mergekit.working(o)
  return {
    steps = function(x) return mergekit.round(x, { compat = o.compat }) end,
    numbers = function(x) return round_to(x, o.compat == "mergekit_bf16" and "bf16" or "f32") end,
  }
end

-- A number as one for each tensor; a field is that already.
function mergekit.each(field, x)
  return type(x) == "number" and dppa.per_tensor(field, function() return x end) or x
end

-- Refuses what mergekit does not have, as nothing that is said may be passed over.
function mergekit.has_only(o, options)
  for name, value in pairs(options) do
    if o[name] ~= nil and o[name] ~= value then
      error("compat: mergekit's is " .. name .. " = \"" .. tostring(value) .. "\"; it is \"" .. tostring(o[name]) .. "\"")
    end
  end
end

-- Refuses bfloat16 where angles and norms decide, whose last bits mergekit's own sums leave open.
function mergekit.is_single(o)
  if o.compat == "mergekit_bf16" then
    error("compat: what this method does in bfloat16 depends on the order of mergekit's sums; \"mergekit\" is its float32")
  end
  return o.compat ~= "none"
end

-- The masks of what stays of a delta.
local masks = {}

function masks.magnitude(delta, o)
  local n = numel(delta)
  local kept = where(o.density:le(0), 0, maximum(1, floor(o.density * n)))
  return top(abs(delta), { count = minimum(kept, n) }, "tensor")
end

function masks.breadcrumbs(delta, o)
  local size, n = abs(delta), numel(delta)
  local kept = floor(o.density * n)
  local above = n - maximum(0, n - kept - floor(o.gamma * n))
  return top(size, { count = above }, "tensor") & ~top(size, { count = above - kept }, "tensor")
end

function masks.random(_, o) return o.uniform:lt(o.working.numbers(o.density)) end

function masks.magprune(delta, o)
  local steps = o.working.steps
  local place = steps(steps(rank(abs(delta), "row") + 1) - 1)
  local last = max(place, "row")
  local reach = minimum(minimum(o.epsilon, o.density), 1 - o.density)
  local part = where(last:gt(0), steps(place / last), 0.5)
  return o.uniform:lt(steps(o.working.numbers(o.density - reach) + steps(part * 2 * reach)))
end

-- A delta with 0 for what is dropped. Norms below 1e-7 are not made up for.
local function sparse(delta, way, o)
  if way == "none" or o.density == 1 then return delta end
  local density = mergekit.each(delta, o.density)
  local mask = masks[way](delta, {
    density = density, gamma = o.gamma, epsilon = o.epsilon, uniform = o.uniform, working = o.working,
  })
  local kept = where(mask, delta, 0)
  if o.rescale ~= "l1" then return rescale(kept, delta, density, o.rescale or "none") end
  local numbers = o.working.numbers
  local before, after = numbers(sum(abs(delta), "tensor")), numbers(sum(abs(kept), "tensor"))
  local factor = where(before:lt(1e-7) | after:lt(1e-7), 1, numbers(before / after))
  return o.working.steps(kept * factor)
end

local function total(list, f)
  local result
  for i, value in ipairs(list) do result = result and result + f(value, i) or f(value, i) end
  return result
end

-- The sum of parts, or of those with the elected sign, divided by their weights if `normalize` holds.
local function combined(parts, weights, o, is_elected)
  local steps, numbers = o.working.steps, o.working.numbers
  if not is_elected then
    local mixed = steps(total(parts, function(part) return part end))
    if not o.normalize then return mixed end
    local divisor = weights[1]
    for i = 2, #weights do divisor = numbers(divisor + weights[i]) end
    return steps(mixed / where(abs(divisor):lt(1e-8), 1, divisor))
  end
  local majority = where(steps(total(parts, function(part) return part end)):ge(0), 1, -1)
  local agrees = {}
  for i, part in ipairs(parts) do agrees[i] = sign(part):eq(majority) end
  local mixed = steps(total(parts, function(part, i) return where(agrees[i], part, 0) end))
  if not o.normalize then return mixed end
  local divisor = steps(total(weights, function(weight, i) return where(agrees[i], weight, 0) end))
  return steps(mixed / where(divisor:eq(0), 1, divisor))
end

-- A merge of deltas with a method's options; `way` is what makes them sparse, with or without elected signs.
function mergekit.merge(base, deltas, o, way, is_elected)
  mergekit.has_only(o, { scope = "tensor", vote = "weighted" })
  if o.q then error("compat: mergekit has no q; leave it out") end
  local working = mergekit.working(o)
  local densities, uniforms = o.density, {}
  if o.rate then
    densities = {}
    for i, rate in ipairs(o.rate) do densities[i] = 1 - rate end
  end
  if way == "random" or way == "magprune" then
    uniforms = base:mt19937(densities, { seed = o.seed, zero = way == "random" })
  end
  local parts, weights = {}, {}
  for i, delta in ipairs(deltas) do
    local kept = sparse(working.steps(delta), way, {
      density = densities and densities[i], gamma = o.gamma and o.gamma[i], epsilon = o.epsilon and o.epsilon[i],
      rescale = o.rescale, uniform = uniforms[i], working = working,
    })
    weights[i] = working.numbers(mergekit.each(delta, o.weights[i]))
    parts[i] = working.steps(kept * weights[i])
  end
  local merged = combined(parts, weights, { working = working, normalize = o.normalize }, is_elected)
  if o.lambda ~= 1 then merged = working.steps(o.lambda * merged) end
  return working.steps(base + merged)
end

-- RAM, and with `alpha` RAM+, which is float32 from where a delta that is alone is enlarged.
function mergekit.agreement(base, deltas, o)
  local working = mergekit.working(o)
  local steps = working.steps
  local function single(x) return round_to(x, "f32") end
  local changes, changed = {}, nil
  for i, delta in ipairs(deltas) do
    local d = steps(delta)
    local mask = abs(d):gt(working.numbers(mergekit.each(d, o.epsilon)))
    changes[i] = { delta = where(mask, d, 0), mask = mask }
    changed = changed and changed + where(mask, 1, 0) or where(mask, 1, 0)
  end
  local merged = total(changes, function(change)
    local alone, shared = change.delta, steps(change.delta / maximum(changed, 1))
    if o.alpha then
      local unique = count(change.mask & changed:eq(1), "tensor")
      local ratio = minimum(single((count(change.mask, "tensor") - unique) / maximum(unique, o.epsilon)), o.alpha)
      alone = alone * single(1 + single(single(mergekit.each(base, o.r)) * single(ratio)))
    end
    return where(changed:eq(1), alone, shared)
  end)
  if o.alpha then return base + o.lambda * merged end
  return steps(base + o.lambda * steps(merged))
end

return mergekit
