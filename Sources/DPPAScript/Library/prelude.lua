-- The module that `require "dppa.v1"` gives. Names that call back into a recipe are here, because the engine never calls
-- Lua: a rule runs on this side, and only what it has built goes over.
local host = ...
local dppa = {}
for name, body in pairs(host.functions) do dppa[name] = body end

-- Scopes of a recipe's own: a key for each tensor, wherever a scope is expected.
local groups = {}
function dppa.group(rule)
  if type(rule) ~= "function" then error("group: argument 1 must be a function of a tensor's facts; it is a " .. type(rule), 2) end
  local group = {}
  groups[group] = rule
  return group
end

local function scope_of(field, scope)
  local rule = groups[scope]
  if rule == nil then return scope end
  local keys = {}
  for _, tensor in ipairs(host.inner.facts(field)) do keys[tensor.name] = rule(tensor) end
  return host.inner.grouping(field, keys)
end

for _, name in ipairs { "sum", "mean", "max", "min", "norm", "count", "variance", "numel" } do
  local reduce = host.functions[name]
  dppa[name] = function(x, scope, weight)
    if type(scope) == "table" then scope = scope_of(x, scope) end
    return reduce(x, scope, weight)
  end
end
for _, name in ipairs { "dot", "top", "kth" } do
  local choose = host.functions[name]
  dppa[name] = function(x, y, scope)
    if type(scope) == "table" then scope = scope_of(x, scope) end
    return choose(x, y, scope)
  end
end

function dppa.models(paths, options)
  local list = {}
  for index, path in ipairs(paths) do list[index] = dppa.model(path, options) end
  return list
end

function dppa.per_tensor(field, rule)
  if type(rule) ~= "function" then error("per_tensor: argument 2 must be a function of a tensor's facts; it is a " .. type(rule), 2) end
  local values = {}
  for _, tensor in ipairs(host.inner.facts(field)) do values[tensor.name] = rule(tensor) end
  return host.inner.per_tensor(field, values)
end

-- Disjoint masks of successive shares of the largest values.
function dppa.bands(x, shares, scope)
  local masks, upper, total = {}, nil, 0
  for index, share in ipairs(shares) do
    -- Shares such as 0.7 + 0.1 must not lose an element to the last bit of their sum.
    total = math.floor((total + share) * 1e12 + 0.5) / 1e12
    local all = dppa.top(x, total, scope)
    masks[index] = upper and all & ~upper or all
    upper = all
  end
  return masks
end

-- The mean of models: sum(weight * model) / sum(weight); weights are numbers or nodes.
function dppa.average(options)
  local models, weights = options.models, options.weights or {}
  if type(models) ~= "table" or #models == 0 then error("average: 'models' must be a list of models", 2) end
  if #weights ~= 0 and #weights ~= #models then
    error("average: " .. #models .. " models have " .. #weights .. " weights", 2)
  end
  local sum, total
  for index, model in ipairs(models) do
    local weight = weights[index] or 1
    local part = dppa.weights(model) * weight
    sum = sum and sum + part or part
    total = total and total + weight or weight
  end
  return dppa.as_model(sum / total, models[1])
end

-- Rules for parts of a field: one for the linears (or `on = glob`), or one for each glob.
function host.methods.apply(field, rules, options)
  local chosen, parts = {}, {}
  local rest
  if type(rules) == "function" then
    options = options or {}
    for key in pairs(options) do
      if key ~= "rest" and key ~= "on" then error("apply has no option '" .. key .. "'; options are rest, on", 2) end
    end
    rest = options.rest
    local part = options.on and field:select(options.on) or field:linears()
    chosen[1], parts[1] = part, rules(part)
  elseif type(rules) == "table" then
    rest = rules.rest
    for glob, rule in pairs(rules) do
      if glob ~= "rest" then
        if type(rule) ~= "function" then error("apply: the rule for '" .. glob .. "' must be a function", 2) end
        local part = field:select(glob)
        chosen[#chosen + 1] = part
        parts[#parts + 1] = rule(part)
      end
    end
  else
    error("apply: argument 1 must be a rule, or a table from globs to rules", 2)
  end
  if rest == nil then rest = "keep" end
  if rest ~= "drop" then
    local left = host.inner.rest(field, chosen)
    if left then
      if type(rest) == "function" then
        parts[#parts + 1] = rest(left)
      elseif rest == "keep" then
        parts[#parts + 1] = left
      else
        error("apply: 'rest' must be \"keep\", \"drop\" or a rule", 2)
      end
    end
  end
  return host.inner.branch(parts)
end

return dppa
