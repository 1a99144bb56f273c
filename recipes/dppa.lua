-- DPPA (arXiv 2403.02799): a fifth of what each expert has learnt, amplified, and put into one model.
--   1. DP prunes each expert's delta at two rates; every layer and linear gets a density of its own.
--   2. DPA amplifies the two partitions by factors that are searched by scoring candidates on the expert's own task.
--   3. The amplified deltas are merged onto the base; the coefficient of the sum is searched as well.
--
--   dppa-run run recipes/dppa.lua --out merged
--   dppa-run run recipes/dppa.lua --out merged --set base=path --set experts=path/a,path/b --set tasks=a.jsonl,b.jsonl
--
-- A task is a file of questions as token ids: see `dppa-run eval --help`. Scores are kept beside the output, so a run that
-- was stopped goes on where it was.
local dppa = require "dppa.v1"
local dpa = require "dppa.dpa"
local objective = require "dppa.objective"
local search = require "dppa.search"
local option = dppa.option

local base = dppa.model(option { name = "base", default = "zoo/base", help = "the model all experts come from" })
local experts = dppa.models(option {
  name = "experts", default = { "zoo/math", "zoo/finance", "zoo/law" }, help = "fine-tuned models, comma separated",
}, { rows_like = base })
local tasks = option {
  name = "tasks", default = { "zoo/search/math.jsonl", "zoo/search/finance.jsonl", "zoo/search/law.jsonl" },
  help = "task files, as many for each expert, in the experts' order",
}
local rates = option {
  name = "rates", default = { 0.9, 0.8 }, help = "pruning rates, falling: the partitions between them are amplified",
}
local start = option { name = "start", default = { 1.8, 0 }, help = "the first factors, one for each rate" }
local step = option {
  name = "step", default = 0.1, min = 0.001, max = 10, help = "what is added to a factor at a time",
}
local take = option {
  name = "take", default = "rule", choices = { "rule", "best" },
  help = "where the authors' rule ends, or the best candidate",
}
local combine = option {
  name = "combine", default = "max", choices = { "max", "assign" }, help = "the authors' program, or the paper's text",
}
local compat = option {
  name = "compat", default = "exact", choices = { "exact", "reference" },
  help = "reference: the authors' masks bit by bit",
}
local schedule = {
  lambda = option { name = "lambda", default = 0.08, min = 0, max = 1, help = "largest shift of a density" },
  layer_multiple = option {
    name = "layer_multiple", default = 3, min = 0, help = "an outlier of a layer is this many times its mean",
  },
  linear_multiple = option {
    name = "linear_multiple", default = 5, min = 0, help = "an outlier of a linear is this many times its mean",
  },
  rest = option {
    name = "rest", default = "keep", choices = { "keep", "drop", "magnitude" },
    help = "what becomes of tensors that are no linears",
  },
}
local coefficients = option {
  name = "coefficients", default = {}, help = "of the merged deltas, one for each expert; nothing searches one for all",
}

if #tasks % #experts ~= 0 then error(#tasks .. " tasks cannot be shared out among " .. #experts .. " experts") end
local per_expert = #tasks // #experts

-- One expert: its best factors, judged by its own tasks against the dense expert.
local function amplified(index)
  local expert = experts[index]
  local label, own = dppa.label(expert), {}
  for k = 1, per_expert do own[k] = tasks[(index - 1) * per_expert + k] end
  local o = { rates = rates, combine = combine, compat = compat, label = label }
  for key, value in pairs(schedule) do o[key] = value end
  local amplify = dpa(expert - base, o)
  local found = search {
    name = "factors of " .. label, start = start, step = step, take = take,
    candidate = function(factors) return base + amplify(factors) end,
    maximize = objective(expert, own),
  }
  print(label .. ": factors " .. table.concat(found.factors, ", ") .. ", best objective " .. string.format("%.4f", found.best.value)
    .. " of " .. #found.candidates .. " candidates")
  return amplify(found.factors), own
end

local deltas, questions = {}, {}
for index in ipairs(experts) do deltas[index], questions[index] = amplified(index) end

-- How often two experts pull the same element in opposite directions.
for a = 1, #deltas do
  for b = a + 1, #deltas do
    local opposed = (deltas[a]:linears() * deltas[b]:linears()):lt(0)
    dppa.mean(opposed, "layer"):named("conflict of " .. dppa.label(experts[a]) .. " and " .. dppa.label(experts[b]))
  end
end

local function merged(weights)
  local sum
  for index, delta in ipairs(deltas) do
    local part = (weights[index] or weights[1]) * delta
    sum = sum and sum + part or part
  end
  return base + sum
end

if #coefficients > 0 or #experts == 1 then return merged(#coefficients > 0 and coefficients or { 1 }) end

-- All domains together: the geometric mean of what each keeps of its expert.
local each = {}
for index, expert in ipairs(experts) do each[index] = objective(expert, questions[index]) end
local found = search {
  name = "coefficient of the merge", strategy = "grid", start = { 0.3 }, stop = { 1 }, step = 0.1,
  candidate = merged,
  maximize = function(models)
    local values, scores = {}, {}
    for index = 1, #models do values[index], scores[index] = 1, {} end
    for _, judge in ipairs(each) do
      local numbers, details = judge(models)
      for index, number in ipairs(numbers) do
        values[index] = values[index] * number ^ (1 / #each)
        for task, score in pairs(details[index]) do scores[index][task] = score end
      end
    end
    return values, scores
  end,
}
print("merged at " .. found.factors[1] .. ", objective " .. string.format("%.4f", found.best.value))
return merged(found.factors)
