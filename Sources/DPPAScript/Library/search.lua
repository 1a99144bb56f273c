-- Finds the factors whose candidate scores best: by the authors' greedy rule, or on a grid.
-- Gives `factors`, `taken` (their own value and scores), `best` (of all candidates) and `candidates`.
local dppa = require "dppa.v1"

-- Factors have the decimals of the step and the start, so that 1.8 + 0.1 is 1.9 and nothing else.
local function rounding(o)
  local scale = 1
  for _, number in ipairs { o.step, table.unpack(o.start) } do
    while scale < 1e9 and math.abs(number * scale - math.floor(number * scale + 0.5)) > 1e-6 do scale = scale * 10 end
  end
  return function(x) return math.floor(x * scale + 0.5) / scale end
end

local function copy(list)
  local result = {}
  for index, value in ipairs(list) do result[index] = value end
  return result
end

-- The authors' rule: the first value that is not better ends a factor; the best so far is carried on.
local function greedy(o, round, try)
  local factors, best = copy(o.start), nil
  for k = 1, #factors do
    if k > 1 then factors[k] = factors[k] < 0.1 and 1.0 or round(factors[k] + o.step) end
    for _ = 1, o.limit do
      local value = try(factors)
      if best and value <= best then
        if factors[k] > 1 then factors[k] = round(factors[k] - o.step) end
        break
      end
      best, factors[k] = value, round(factors[k] + o.step)
    end
  end
  return factors
end

-- Every combination, the last factor fastest.
local function combinations(o, round)
  local lists = { {} }
  for k, start in ipairs(o.start) do
    local longer = {}
    for _, list in ipairs(lists) do
      local value = start
      while value <= o.stop[k] + o.step / 2 do
        local next = copy(list)
        next[k] = round(value)
        longer[#longer + 1] = next
        value = value + o.step
      end
    end
    lists = longer
  end
  return lists
end

-- The candidate with these factors; nil if there was none.
local function find(all, factors)
  for _, each in ipairs(all) do
    local same = true
    for k, factor in ipairs(factors) do same = same and each.factors[k] == factor end
    if same then return each end
  end
end

-- Candidates as a table of the report: factors, scores with their errors, objective, and which one was taken.
local function report(o, all, taken)
  local columns, rows, tasks = {}, {}, {}
  for _, each in ipairs(all) do
    for task in pairs(each.scores) do tasks[task] = true end
  end
  for k in ipairs(o.start) do columns[k] = "factor " .. k end
  for task in pairs(tasks) do
    columns[#columns + 1] = task
    columns[#columns + 1] = task .. " ±"
  end
  for _, name in ipairs { "objective", "taken", "seconds" } do columns[#columns + 1] = name end
  for index, each in ipairs(all) do
    local row, seconds = copy(each.factors), 0
    for task in pairs(tasks) do
      local score = each.scores[task]
      row[#row + 1] = score and score.value or "–"
      row[#row + 1] = score and score.standard_error or "–"
      seconds = seconds + (score and score.seconds or 0)
    end
    row[#row + 1] = each.value
    row[#row + 1] = each == taken and "taken" or "–"
    row[#row + 1] = math.floor(seconds * 1000 + 0.5) / 1000
    rows[index] = row
  end
  dppa.report { name = o.name, columns = columns, rows = rows }
end

local function number(value)
  if type(value) ~= "number" then error("search: maximize must give a number; it gives a " .. type(value)) end
  return value
end

return dppa.method {
  name = "search",
  summary = "Finds the factors whose candidate scores best.",
  options = {
    { name = "candidate", kind = "function", required = true, help = "from a list of factors to a model" },
    {
      name = "maximize", kind = "function", required = true,
      help = "from a model to a number, and the scores behind it: dppa.objective makes one; of a grid, from lists to lists",
    },
    {
      name = "start", kind = "list", of = "number", required = true, nonempty = true, help = "the first factors",
    },
    { name = "step", default = 0.1, min = 1e-6, help = "what is added to a factor at a time" },
    { name = "stop", kind = "list", of = "number", help = "of a grid: the last factors" },
    {
      name = "strategy", default = "greedy", choices = { "greedy", "grid" },
      help = "greedy: one factor after the other, up while it gets better (the authors' rule); grid: every combination",
    },
    {
      name = "take", default = "rule", choices = { "rule", "best" },
      help = "of greedy: the factors where the authors' rule ends, or those of the best candidate",
    },
    { name = "name", default = "search", set = false, help = "of the table in the report" },
    { name = "limit", kind = "count", default = 100, min = 1, help = "of candidates for one factor" },
  },
  returns = "a table: factors, taken, best, candidates",
  example = "local found = search { start = { 1.8, 0 }, candidate = function(f) return base + amplify(f) end, "
    .. "maximize = objective(expert, \"law.jsonl\") }",
  run = function(o)
    local round, all, factors = rounding(o), {}, nil
    local function add(factors, value, scores)
      all[#all + 1] = { factors = copy(factors), value = number(value), scores = scores or {} }
      return value
    end
    local function try(factors) return add(factors, o.maximize(o.candidate(copy(factors)))) end
    if o.strategy == "greedy" then
      factors = greedy(o, round, try)
      -- At its limit the rule ends on factors that it has not tried; a model's scores are always its own.
      if o.take == "rule" and not find(all, factors) then try(factors) end
    else
      if not o.stop or #o.stop ~= #o.start then error("search: a grid needs stop, a list as long as start") end
      local lists, models = combinations(o, round), {}
      for index, list in ipairs(lists) do models[index] = o.candidate(list) end
      local values, scores = {}, {}
      if #models > 0 then values, scores = o.maximize(models) end
      if type(values) ~= "table" then error("search: on a grid maximize must give a list of numbers") end
      for index, list in ipairs(lists) do add(list, values[index], scores and scores[index]) end
    end
    if #all == 0 then error("search: there is no candidate; stop must not lie below start") end
    local best = all[1]
    for _, each in ipairs(all) do if each.value > best.value then best = each end end
    if o.strategy == "grid" or o.take == "best" then factors = best.factors end
    local taken = find(all, factors)
    report(o, all, taken)
    return { factors = copy(factors), taken = taken, best = best, candidates = all }
  end,
}
