-- Searches options of a merge method: the candidate that scores best on your tasks becomes the model.
--
--   dppa-run run search --out merged --set method=ties --set ranges=density=0.1..0.9,lambda=0.5..2 --set budget=40
--   dppa-run run search --out merged --set base=path --set experts=path/a,path/b --set tasks=a.jsonl,b.jsonl
--
-- Ranges are options of the method with what is tried of them:
--   density=0.1..0.9            numbers between two                density=0.1..0.9:step=0.1   those that are steps apart
--   lambda=0.1..10:log          every doubling is as likely        k=1..20:count               whole numbers
--   weights=0.5..1.5:each       a number for each expert           rescale=none|l1|l2          one of several
--   density=0.2                 as it is, nothing is searched
-- Scores are kept beside the output, so a run that was stopped goes on where it was; what was tried is in --report page.html.
local dppa = require "dppa.v1"
local objective, search = require "dppa.objective", require "dppa.search"
local option = dppa.option

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
local name = option { name = "method", default = "ties", help = "a merge method of a base and experts: dppa-run methods lists them" }
local ranges = option {
  name = "ranges", default = { "density=0.1..0.9", "lambda=0.5..2" }, nonempty = true,
  help = "options of the method with what is tried, such as density=0.1..0.9, lambda=0.1..10:log, rescale=none|l1",
}
local tasks = option {
  name = "tasks", default = { "zoo/search/math.jsonl", "zoo/search/finance.jsonl", "zoo/search/law.jsonl" }, of = "path",
  nonempty = true, help = "task files, as many for each expert, in the experts' order",
}
local searching = dppa.options(search, { "strategy", "budget", "minutes", "shares", "seed" })
local counting = dppa.options(objective, { "overall" })

-- The parts of a text between separators of one character.
local function parts(text, separator)
  local list, start = {}, 1
  for place = 1, #text + 1 do
    if place > #text or text:sub(place, place) == separator then
      list[#list + 1], start = text:sub(start, place - 1), place + 1
    end
  end
  return list
end

local function value(text)
  if text == "true" or text == "false" then return text == "true" end
  return tonumber(text) or text
end

-- "density=0.1..0.9:log" as a parameter of the search, or as a name with a value that is not searched.
local function range(text)
  local function bad(why) error("the range '" .. text .. "' " .. why .. "; one is density=0.1..0.9, rescale=none|l1 or density=0.2") end
  local equals = text:find "="
  if not equals or equals == 1 then bad "has no name in front of a '='" end
  local words = parts(text:sub(equals + 1), ":")
  local what, parameter = words[1], { name = text:sub(1, equals - 1) }
  local choices, dots = parts(what, "|"), what:find ".."
  if #choices > 1 then
    parameter.choices = {}
    for index, choice in ipairs(choices) do parameter.choices[index] = value(choice) end
  elseif dots then
    parameter.min, parameter.max = tonumber(what:sub(1, dots - 1)), tonumber(what:sub(dots + 2))
    if not parameter.min or not parameter.max then bad "has no number on both sides of '..'" end
  elseif #words > 1 then
    bad "has words behind a ':', and nothing to search"
  else
    return nil, parameter.name, value(what)
  end
  for index = 2, #words do
    local word = words[index]
    if word == "log" then parameter.scale = "log"
    elseif word == "count" then parameter.kind = "count"
    elseif word == "each" then parameter.count = #experts
    elseif word:sub(1, 5) == "step=" and tonumber(word:sub(6)) then parameter.step = tonumber(word:sub(6))
    else bad("has '" .. word .. "' behind a ':', where log, count, each and step=NUMBER may be") end
  end
  return parameter
end

local parameters, fixed, seen = {}, {}, {}
for _, text in ipairs(ranges) do
  local parameter, own, given = range(text)
  own = own or parameter.name
  if seen[own] then error("ranges has '" .. own .. "' twice") end
  seen[own] = true
  if parameter then parameters[#parameters + 1] = parameter else fixed[own] = given end
end
if #parameters == 0 then error "nothing is searched: ranges has no range such as density=0.1..0.9" end
if #tasks % #experts ~= 0 then error(#tasks .. " tasks cannot be shared out among " .. #experts .. " experts") end
local method = require("dppa." .. name)
if type(method) ~= "function" then error("'" .. name .. "' is no merge method: dppa-run methods lists them") end

local function candidate(values)
  local options = {}
  for key, one in pairs(fixed) do options[key] = one end
  for key, one in pairs(values) do options[key] = one end
  return method(base, experts, options)
end

local questions, per_expert = {}, #tasks // #experts
for index in ipairs(experts) do
  questions[index] = {}
  for k = 1, per_expert do questions[index][k] = tasks[(index - 1) * per_expert + k] end
end
local found = search {
  name = "search of " .. name, parameters = parameters, candidate = candidate,
  maximize = objective(experts, questions, counting), strategy = searching.strategy, budget = searching.budget,
  minutes = searching.minutes, shares = searching.shares, seed = searching.seed,
}
return candidate(found.parameters)
