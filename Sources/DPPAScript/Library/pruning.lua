-- What methods that look at the inputs of linears share: their options, the two schedules, and masks by scores.
--   layerwise  each block's inputs are those behind the blocks that have been pruned before it, as the published programs have it
--   dense      all inputs are those of the model as it was
-- A rule gets weights as outputs x inputs, whatever way they are stored, and what dppa.activations tells of their inputs.
local dppa = require "dppa.v1"
local floor, per_tensor, where = dppa.floor, dppa.per_tensor, dppa.where
local pruning = {}

pruning.sparsity = {
  name = "sparsity", default = 0.5, min = 0, max = 1, per = "tensor", finest = "tensor", help = "share of a linear that goes",
}
pruning.keep = {
  name = "keep", kind = "count", default = 0, min = 0,
  help = "how many of each group of consecutive inputs stay, as 2 of 4; 0: sparsity says what goes",
}
pruning.group = { name = "group", kind = "count", default = 4, min = 1, help = "the inputs of a group" }
pruning.damp = { name = "damp", default = 0.01, min = 0, help = "what is added to the diagonal of the covariance, times its mean" }
pruning.schedule = {
  name = "schedule", default = "layerwise", choices = { "layerwise", "dense" },
  help = "what inputs a block is pruned by: those behind the pruned blocks before it, or those of the model as it was",
}
pruning.samples = { name = "samples", kind = "count", default = 128, min = 1, help = "how many lines of the text are read" }
pruning.length = { name = "length", kind = "count", default = 2048, min = 1, help = "how many tokens of a line at most" }

-- An option per tensor on the tensors of a part.
function pruning.on(part, x) return type(x) == "number" and x or per_tensor(part, x) end

-- Options of an operation with what o says of what goes: so many of each group, or a share of the weights.
function pruning.amount(w, o, options)
  if o.keep > 0 then
    options.keep, options.group = o.keep, o.group
  else
    options.sparsity = pruning.on(w, o.sparsity)
  end
  return options
end

-- Throws where a pattern and a sparsity are both asked for.
function pruning.check(name, o)
  if o.keep > 0 and o.sparsity ~= pruning.sparsity.default then
    error(name .. ": keep = " .. o.keep .. " says what goes, and so does sparsity; leave one out", 3)
  end
  if o.keep == 0 and o.group ~= pruning.group.default then
    error(name .. ": group = " .. o.group .. " is for keep, how many inputs of a group stay", 3)
  end
end

-- What a rule makes of the weights of a part.
function pruning.rows(part, inputs, rule)
  local weights, turned, plain, is_turned = dppa.weights(part), {}, {}, {}
  for _, name in ipairs(inputs.transposed) do is_turned[name] = true end
  for _, tensor in ipairs(dppa.facts(part)) do
    local list = is_turned[tensor.name] and turned or plain
    list[#list + 1] = tensor.name
  end
  local function own(names)
    local some = { tokens = inputs.tokens, samples = inputs.samples, transposed = {} }
    for _, key in ipairs { "norm", "mean", "variance", "covariance" } do
      some[key] = inputs[key] and inputs[key]:select(names)
    end
    return some
  end
  local function turn(field) return dppa.transpose(rule(dppa.transpose(field), own(turned))) end
  if #turned == 0 then return rule(weights, own(plain)) end
  if #plain == 0 then return turn(weights) end
  return weights:apply(turn, { on = turned, rest = function(field) return rule(field, own(plain)) end })
end

pruning.prune = dppa.method {
  name = "pruning.prune",
  summary = "A model whose linears are what a rule makes of them and of what goes into them.",
  arguments = { { name = "model", kind = "model" }, { name = "data", kind = "path" } },
  options = {
    { name = "rule", kind = "function", required = true, help = "from weights, outputs x inputs, and activations to weights" },
    { name = "covariance", default = false, help = "whether the rule needs the covariance of the inputs" },
    pruning.schedule, pruning.samples, pruning.length,
  },
  returns = "a pruned model",
  example = "pruning.prune(expert, \"zoo/search/math.jsonl\", { rule = function(w, inputs) return dppa.round_to(w, \"bf16\") end })",
  run = function(model, data, o)
    local options = { samples = o.samples, length = o.length, covariance = o.covariance }
    local function prune(part, inputs) return dppa.as_model(pruning.rows(part, inputs, o.rule), part) end
    if o.schedule == "layerwise" then
      return dppa.layerwise(model, { { model, data } }, function(parts, inputs) return prune(parts[1], inputs[1]) end, options)
    end
    local inputs = dppa.activations(model, data, options)
    return model:apply(function(part) return prune(part, inputs) end)
  end,
}

-- The same by the options of a method.
function pruning.by_options(model, data, o, covariance, rule)
  return pruning.prune(model, data, {
    rule = rule, covariance = covariance, schedule = o.schedule, samples = o.samples, length = o.length,
  })
end

-- The mask of what stays by scores, and the weights that do: all of a row but the int(inputs * sparsity) smallest, the first of equals
-- going first; or the largest of each group.
function pruning.kept(w, score, o)
  if o.keep > 0 then return dppa.n_of_m(score, o.keep, o.group) end
  local count = floor(per_tensor(w, function(t) return t.shape[2] end) * pruning.on(w, o.sparsity))
  return dppa.rank(score, "row"):ge(count)
end

function pruning.by_row(w, score, o) return where(pruning.kept(w, score, o), w, 0) end

return pruning
