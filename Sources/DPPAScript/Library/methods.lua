-- Methods with declared arguments and options, and what recipes make of the declarations. The host checks every call; what is
-- a function stays on this side.
local host, dppa = ...
local inner = host.inner
local numbers = {}  -- of methods, as the host counts them

-- `{ of = method }` stands for a method's options, but for those of `except`; with per = "expert" what they take for a tensor is
-- taken for each expert; `mergekit` gives other defaults for `compat`. The host knows methods by number.
local function numbered(declaration)
  if type(declaration) ~= "table" or type(declaration.options) ~= "table" then return declaration end
  local copy, options = {}, {}
  for key, value in pairs(declaration) do copy[key] = value end
  for index, option in ipairs(declaration.options) do
    options[index] = option
    if type(option) == "table" and numbers[option.of] then
      options[index] = { of = numbers[option.of], except = option.except, per = option.per, mergekit = option.mergekit }
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

-- "TOKEN=from" of a command line as a table; nil for none.
local function rows_of(words)
  local rows
  for _, word in ipairs(words) do
    -- A token may have = in it, a model's label has none.
    local place = #word - (word:reverse():find("=") or #word) + 1
    if place <= 1 or place == #word then
      error("option 'tokens' has '" .. word .. "'; it must be TOKEN=zero, TOKEN=mean or TOKEN=model", 2)
    end
    rows = rows or {}
    rows[word:sub(1, place - 1)] = word:sub(place + 1)
  end
  return rows
end

dppa.inputs = dppa.method {
  name = "inputs", summary = "The models of a recipe, as options.", returns = "models",
  options = {
    { name = "base", kind = "path" }, { name = "experts", kind = "list", of = "path", nonempty = true },
    { name = "expert", kind = "path" }, { name = "help", kind = "any" },
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
    local function fit(declaration)
      declaration.heading = "how the models are fitted to each other"
      return dppa.option(declaration)
    end
    local fitting = {
      base = base, experts = experts or { expert },
      rows = fit {
        name = "rows", default = "base", choices = { "base", "expert", "cut" },
        help = "the rows of vocabularies of different sizes: those of the " .. (base and "base" or "first model")
          .. ", of the " .. (base and "experts" or "others") .. ", or the fewest",
      },
      vocabulary = fit {
        name = "vocabulary", kind = "text",
        help = "the tokens that have a row, by their texts: base, union, or one of the models; if left out, rows as they lie",
      },
      tokens = rows_of(fit {
        name = "tokens", default = {}, of = "text",
        help = "rows of tokens for models that lack them: TOKEN=zero, TOKEN=mean, TOKEN=model",
      }),
      pad_to_multiple = fit {
        name = "pad_to_multiple", kind = "count", min = 1, max = 65536,
        help = "of what the number of rows is a multiple, as few as hold all tokens",
      },
      missing = fit {
        name = "missing", default = "parts", choices = { "parts", "base" },
        help = "what a model may lack, and keeps from the first: whole parts, or anything",
      },
      extra = fit {
        name = "extra", default = "parts", choices = { "parts", "drop", "keep" },
        help = "what the first model lacks: whole parts are left out, anything is, or all is kept",
      },
      stacks = fit {
        name = "stacks", default = "apart", choices = { "whole", "apart" },
        help = "what experts in one tensor are: a linear each, or one for all",
      },
      configs = fit {
        name = "configs", default = "refuse", choices = { "refuse", "warn" },
        help = "what happens where config.json says that weights of two models mean different things",
      },
      refuse = fit {
        name = "refuse", default = {}, of = "text",
        help = "steps of fitting the models to each other that are to be errors: names, heads, rows, missing, extra, mixtures",
      },
    }
    if #fitting.refuse == 0 then fitting.refuse = nil end
    if not base then
      local models = dppa.family(fitting)
      return experts and models or models[1]
    end
    local model, models = dppa.family(fitting)
    return model, experts and models or models[1]
  end,
}
