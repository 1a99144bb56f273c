-- The module that `require "dppa.v1"` gives. Names that call back into a recipe are here, because the engine never calls
-- Lua: a rule runs on this side, and only what it has built goes over.
local host = ...
local dppa = {}
for name, body in pairs(host.functions) do dppa[name] = body end

-- What is written here has its arguments checked as the host's own names have.
local function declare(name, body)
  local check = host.function_checks[name]
  dppa[name] = function(...)
    check(...)
    return body(...)
  end
end

-- Facts of a tensor: a misspelt one is an error; layer and depth are nil for a tensor in no layer, which is noted for the
-- message of what a rule may do with it, and rank is nil where there are no factors.
local unknown_fact
local fact_names = { "depth", "layer", "module", "name", "numel", "rank", "role", "shape" }
local outside
local facts = host.closed(function(tensor, key)
  if key == "layer" or key == "depth" then
    if outside ~= tensor.name then
      outside = tensor.name
      host.inner.outside(outside)
    end
    return nil
  end
  if key ~= "rank" then unknown_fact(key) end
end)
function unknown_fact(key)
  error("a tensor has no fact '" .. tostring(key) .. "'" .. host.inner.suggest(tostring(key), fact_names)
    .. "\nnote: facts are " .. table.concat(fact_names, ", "), 3)
end

declare("facts", function(field)
  local close = host.closed(function(_, key)
    if key ~= "layer" and key ~= "depth" and key ~= "rank" then unknown_fact(key) end
  end)
  local list = host.inner.facts(field)
  for _, tensor in ipairs(list) do close(tensor) end
  return list
end)

-- What a rule gives for each tensor of a field, by name.
local function for_each_tensor(field, rule)
  local values = {}
  for _, tensor in ipairs(host.inner.facts(field)) do values[tensor.name] = rule(facts(tensor)) end
  if outside then host.inner.outside() end
  outside = nil
  return values
end

-- Scopes of a recipe's own: a key for each tensor, wherever a scope is expected.
local groups = {}
declare("group", function(rule)
  local group = host.inner.group()
  groups[group] = rule
  return group
end)

local function scope_of(field, group) return host.inner.grouping(field, for_each_tensor(field, groups[group])) end

-- A group may stand wherever a scope is expected, which is the second or the third argument.
for name, place in pairs(host.inner.scope_places()) do
  local body, check = host.functions[name], host.function_checks[name]
  if place == 2 then
    dppa[name] = function(x, scope, ...)
      if scope == nil or groups[scope] == nil then return body(x, scope, ...) end
      check(x, scope, ...)
      return body(x, scope_of(x, scope), ...)
    end
  else
    dppa[name] = function(x, y, scope, ...)
      if scope == nil or groups[scope] == nil then return body(x, y, scope, ...) end
      check(x, y, scope, ...)
      return body(x, y, scope_of(x, scope), ...)
    end
  end
end

declare("models", function(paths, options)
  local list = {}
  for index, path in ipairs(paths) do list[index] = dppa.model(path, options) end
  return list
end)

declare("per_tensor", function(field, rule)
  if type(rule) ~= "function" then return host.inner.numbers(field, rule) end
  return host.inner.per_tensor(field, for_each_tensor(field, rule))
end)

-- Disjoint masks of successive shares of the largest values.
declare("bands", function(x, shares, scope)
  local masks, upper, total = {}, nil, 0
  for index, share in ipairs(shares) do
    total = total + share
    if total > 1 + 1e-9 then error("bands: the shares add up to more than 1: " .. table.concat(shares, " + "), 2) end
    local all = dppa.top(x, total, scope)
    masks[index] = upper and all & ~upper or all
    upper = all
  end
  return masks
end)

-- A result that is made block by block: for each the rule gets the linears of every model, and what goes into them behind the
-- blocks that were made before it.
declare("layerwise", function(start, sources, rule, options)
  local number, layers = host.inner.layerwise(start, sources, options)
  for layer = 1, layers do
    local result = rule(host.inner.layer_inputs(number, layer))
    if type(result) ~= "userdata" or not host.inner.is_field(result) then
      error("layerwise: the rule must return a field; it returns " .. tostring(result)
        .. "\nnote: what the linears of a block become, over the tensors that it was given", 2)
    end
    host.inner.layer_outputs(number, layer, result)
  end
  return host.inner.layered(number)
end)

-- What a rule makes of a part; `where` says which rule it is.
local function result_of(rule, part, where)
  local value = rule(part)
  if type(value) == "userdata" and host.inner.is_field(value) then return value end
  if value == nil then
    error("apply: " .. where .. " returns nothing\nnote: a function gives what stands behind `return`", 3)
  end
  error("apply: " .. where .. " must return a field; it returns " .. tostring(value)
    .. "\nnote: a delta of zeros is 0 * part", 3)
end

-- Rules for parts of a field: one for the linears (or `on = glob`), or one for each glob.
local check_apply = host.method_checks.apply
local function apply(field, rules, options)
  local chosen, parts = {}, {}
  local rest = options and options.rest
  if type(rules) == "function" then
    chosen[1] = options and options.on and field:select(options.on) or field:linears()
    parts[1] = result_of(rules, chosen[1], "the rule")
  else
    if options then error("apply: with a table of rules, `rest` stands in the table, and `on` is the globs", 2) end
    rest = rules.rest
    for glob, rule in pairs(rules) do
      if glob ~= "rest" then
        if type(rule) ~= "function" then error("apply: the rule for '" .. glob .. "' must be a function", 2) end
        local part = field:select(glob)
        chosen[#chosen + 1] = part
        parts[#parts + 1] = result_of(rule, part, "the rule for '" .. glob .. "'")
      end
    end
  end
  if rest ~= "drop" then
    local left = host.inner.rest(field, chosen)
    if left then parts[#parts + 1] = type(rest) == "function" and result_of(rest, left, "the rule for the rest") or left end
  end
  return host.inner.branch(parts)
end
function host.methods.apply(...)
  check_apply(...)
  return apply(...)
end

return dppa
