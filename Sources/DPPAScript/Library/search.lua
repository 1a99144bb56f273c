-- Finds the factors whose candidate scores best.
--   candidate   function from a list of factors to a model
--   maximize    function from a model to a number, and the scores behind it (dppa.objective makes one)
--   start, step the first factors, and what is added to one at a time
--   strategy    greedy: one factor after the other, up while it gets better (the authors' rule); grid: every combination of
--               start, start + step, … up to stop
--   take        rule: the factors where the greedy rule ends; best: those of the best candidate
-- Gives the factors, their value, and the list of all candidates.
local dppa = require "dppa.v1"

local known = { "candidate", "maximize", "start", "step", "stop", "strategy", "take", "name", "limit" }

local function check(o)
  local names = {}
  for _, key in ipairs(known) do names[key] = true end
  for key in pairs(o) do
    if not names[key] then error("search has no option '" .. key .. "'; options are " .. table.concat(known, ", "), 3) end
  end
  if type(o.candidate) ~= "function" then error("search: candidate must be a function from factors to a model", 3) end
  if type(o.maximize) ~= "function" then error("search: maximize must be a function from a model to a number", 3) end
  if type(o.start) ~= "table" or #o.start == 0 then error("search: start must be a list of factors", 3) end
  if o.step <= 0 then error("search: step must be positive", 3) end
end

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

return function(given)
  local o = { step = 0.1, strategy = "greedy", take = "rule", name = "search", limit = 100 }
  for key, value in pairs(given) do o[key] = value end
  check(o)
  local round, all, tasks = rounding(o), {}, {}
  local function add(factors, value, scores)
    for task in pairs(scores or {}) do tasks[task] = true end
    all[#all + 1] = { factors = copy(factors), value = value, scores = scores or {} }
    return value
  end
  local factors
  if o.strategy == "greedy" then
    factors = greedy(o, round, function(each) return add(each, o.maximize(o.candidate(each))) end)
  elseif o.strategy == "grid" then
    if type(o.stop) ~= "table" or #o.stop ~= #o.start then error("search: a grid needs stop, a list as long as start", 2) end
    local lists, models = combinations(o, round), {}
    for index, list in ipairs(lists) do models[index] = o.candidate(list) end
    local values, scores = o.maximize(models)
    for index, list in ipairs(lists) do add(list, values[index], scores and scores[index]) end
  else
    error("search: strategy must be greedy or grid; it is '" .. tostring(o.strategy) .. "'", 2)
  end
  if #all == 0 then error("search: there is no candidate; stop must not lie below start, nor limit below 1", 2) end
  local best = all[1]
  for _, each in ipairs(all) do if each.value > best.value then best = each end end
  if o.strategy == "grid" or o.take == "best" then factors = best.factors end

  local columns, rows = {}, {}
  for k in ipairs(o.start) do columns[k] = "factor " .. k end
  for task in pairs(tasks) do
    columns[#columns + 1] = task
    columns[#columns + 1] = task .. " ±"
  end
  columns[#columns + 1] = "objective"
  columns[#columns + 1] = "seconds"
  for index, each in ipairs(all) do
    local row, seconds = copy(each.factors), 0
    for task in pairs(tasks) do
      local score = each.scores[task]
      row[#row + 1] = score and score.value or "–"
      row[#row + 1] = score and score.standard_error or "–"
      seconds = seconds + (score and score.seconds or 0)
    end
    row[#row + 1] = each.value
    row[#row + 1] = math.floor(seconds * 1000 + 0.5) / 1000
    rows[index] = row
  end
  dppa.report { name = o.name, columns = columns, rows = rows }
  return { factors = factors, best = best, candidates = all }
end
