-- Methods with declared arguments and options, and what recipes make of the declarations. The host checks every call; what is
-- a function stays on this side.
local host, dppa = ...
local inner = host.inner
local numbers = {}  -- of methods, as the host counts them

-- `{ of = method }` stands for a method's options; the host knows methods by number.
local function numbered(declaration)
  if type(declaration) ~= "table" or type(declaration.options) ~= "table" then return declaration end
  local copy, options = {}, {}
  for key, value in pairs(declaration) do copy[key] = value end
  for index, option in ipairs(declaration.options) do
    options[index] = option
    if type(option) == "table" and numbers[option.of] then
      options[index] = { of = numbers[option.of], except = option.except }
    end
  end
  copy.options = options
  return copy
end

function dppa.method(declaration)
  local number = inner.declare(numbered(declaration))
  local run, count = declaration.run, #(declaration.arguments or {})
  local function method(...)
    local arguments, o = inner.accept(number, ...)
    for key, value in pairs(select(count + 1, ...) or {}) do
      if o[key] == nil then o[key] = value end
    end
    arguments[count + 1] = o
    return run(table.unpack(arguments, 1, count + 1))
  end
  numbers[method] = number
  return method
end

function dppa.options(method, changed)
  if not numbers[method] then
    error("options: argument 1 must be a method, such as require \"dppa.ties\"; it is a " .. type(method), 2)
  end
  return inner.options(numbers[method], changed)
end

-- The mean of models: sum(weight * model) / sum(weight).
dppa.average = dppa.method {
  name = "average", summary = "The weighted mean of models.", returns = "a model",
  options = {
    { name = "models", kind = "models", required = true, help = "the models" },
    { name = "weights", default = 1, per = "expert", divides = true, help = "numbers or nodes" },
  },
  run = function(o)
    local sum
    for index, model in ipairs(o.models) do
      local part = dppa.weights(model) * o.weights[index]
      sum = sum and sum + part or part
    end
    return dppa.as_model(sum / dppa.weight_sum(o.weights), o.models[1])
  end,
}

local told = {
  base = "the model all experts come from", experts = "fine-tuned models, comma separated", expert = "a fine-tuned model",
}

dppa.inputs = dppa.method {
  name = "inputs", summary = "The models of a recipe, as options.", returns = "models",
  options = {
    { name = "base", kind = "path" }, { name = "experts", kind = "list", of = "path", nonempty = true },
    { name = "expert", kind = "path" }, { name = "rows_like", default = "none" }, { name = "help", kind = "any" },
  },
  run = function(o)
    local help = o.help or {}
    local function option(name, default, more)
      local declaration = more or { kind = "path" }
      declaration.name, declaration.default, declaration.help = name, default, help[name] or told[name]
      return default and dppa.option(declaration)
    end
    local base = option("base", o.base)
    local experts = option("experts", o.experts, { of = "path", nonempty = true })
    local expert = option("expert", o.expert)
    local rows = dppa.option {
      name = "rows_like", default = o.rows_like,
      help = "to whose rows a grown vocabulary is cut: " .. (base and "base, none, " or "none, ") .. "or the path of a model",
    }
    if rows == "base" and not base then error("rows_like=base: this recipe has no base; give the path of a model", 2) end
    local like
    if rows == "base" then
      base = dppa.model(base)
      like = { rows_like = base }
    else
      like = rows ~= "none" and { rows_like = dppa.model(rows) } or nil
      base = base and dppa.model(base, like)
    end
    local models = experts and dppa.models(experts, like) or expert and dppa.model(expert, like)
    if not base then return models end
    return base, models
  end,
}
