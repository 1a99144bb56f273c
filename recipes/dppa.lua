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

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
local tasks = option {
  name = "tasks", default = { "zoo/search/math.jsonl", "zoo/search/finance.jsonl", "zoo/search/law.jsonl" }, of = "path",
  nonempty = true, help = "task files, as many for each expert, in the experts' order",
}
local schedule = dppa.options(dpa, {
  "rates", "combine", "compat", "lambda", "layer_multiple", "linear_multiple", "rest",
})
local start = option { name = "start", default = { 1.8, 0 }, help = "the first factors, one for each rate" }
local step = option { name = "step", default = 0.1, min = 1e-6, help = "what is added to a factor at a time" }
local searching = dppa.options(search, { "take", "budget", budget = 100 })
local coefficients = option {
  name = "coefficients", kind = "list", of = "number", default = {},
  help = "of the merged deltas, one for each expert; nothing searches one for all",
}

if #tasks % #experts ~= 0 then error(#tasks .. " tasks cannot be shared out among " .. #experts .. " experts") end
if #start ~= #schedule.rates then error("start has " .. #start .. " factors for " .. #schedule.rates .. " rates") end
if #coefficients > 1 and #coefficients ~= #experts then
  error(#coefficients .. " coefficients for " .. #experts .. " experts; give one for all, or one for each")
end
local per_expert = #tasks // #experts

-- One expert: its best factors, judged by its own tasks against the dense expert.
local function amplified(index)
  local expert, own, o = experts[index], {}, { label = dppa.label(experts[index]) }
  for k = 1, per_expert do own[k] = tasks[(index - 1) * per_expert + k] end
  for key, value in pairs(schedule) do o[key] = value end
  local amplify = dpa(expert - base, o)
  local found = search {
    name = "factors of " .. o.label, strategy = "greedy", take = searching.take, budget = searching.budget,
    parameters = { { name = "factor", start = start, step = step } },
    candidate = function(p) return base + amplify(p.factor) end,
    maximize = objective(expert, own),
  }
  return amplify(found.parameters.factor), own
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
local found = search {
  name = "coefficient of the merge", strategy = "grid",
  parameters = { { name = "coefficient", min = 0.3, max = 1, step = 0.1 } },
  candidate = function(p) return merged { p.coefficient } end, maximize = objective(experts, questions),
}
return merged { found.parameters.coefficient }
