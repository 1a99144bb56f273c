-- Finds the parameters whose candidate scores best. A parameter has a name and a range, in which a strategy tries values:
--   { name = "density", min = 0.1, max = 0.9 }               more: dppa-run help dppa.search_space
-- Strategies:
--   cma     CMA-ES: generations around what did well, of at most 128 numbers. It begins at the start, and finds what depends on
--           several numbers together. Choices and whole numbers are cut from an interval; of few of them a grid or sobol knows more.
--   line    one number after the other, a step up or down and on while it gets better; without random numbers
--   sobol   evenly over all ranges, of at most 32 numbers        random  at random over all ranges
--   grid    every combination of the steps and choices           greedy  DPPA's rule: one number after the other from its start,
--           a step up while it gets better; then on with the next, which from below 0.1 goes to 1
-- The same seed tries the same candidates, and what was scored before, as by a run that was stopped, is not scored again. With
-- minutes a search ends where the scores' own times say, so a faster machine tries more; a resumed one counts remembered times.
-- With `shares = { 0.25, 0.5, 1 }` sobol, random and grid ask all candidates the first quarter of each task's questions, the best
-- half of them the second quarter, and so on: as many go on as cost no more than the part before (successive halving).
-- Where scores are of several tasks, the report shows which candidates are on the Pareto front; which of them is taken is up to
-- what `maximize` gives. sobol and random spread over the front, cma and line go to one end of it.
-- Gives `parameters` (their values by name), `taken`, `best` and `candidates`, each with parameters, value, scores and share.
local dppa = require "dppa.v1"
local candidates = require "dppa.candidates"
local cma = require "dppa.cma"
local line_search = require "dppa.line_search"
local search_space = require "dppa.search_space"
local strategies = require "dppa.strategies"

local function check_value(value, words)
  if type(value) ~= "number" then error("search: maximize must give numbers; for " .. words .. " it gives a " .. type(value)) end
  if value ~= value or math.abs(value) == math.huge then
    error("search: maximize gives " .. (value == value and "an infinite number" or "no number (NaN)") .. " for " .. words)
  end
end

-- Keeps what has been tried. `try` has the values of some candidates found and gives a list of them, or nil where the budget ends.
local function ledger(o, space)
  local book = { all = {}, spent = 0, seconds = 0, limit = o.budget or o.minutes and math.huge or 40 }
  local known, idle = {}, 0

  local function note_scores(each, scores, share)
    local seconds = 0
    for task, score in pairs(scores or {}) do
      if type(score) ~= "table" then
        error("search: the scores that maximize gives must be details; that on '" .. task .. "' is a " .. type(score))
      end
      local old = each.scores and each.scores[task]
      -- So many more questions that rounding cannot hide them.
      local is_deaf = old and old.count and old.count == score.count and old.count * (share - each.share) >= 1
      if is_deaf then
        error("search: maximize asks as many questions of '" .. task .. "' for a share of " .. share .. " as for " .. each.share
          .. ": it must pass the share on, as dppa.objective does")
      end
      seconds = seconds + (score.seconds or 0)
    end
    if o.minutes and seconds == 0 then
      error("search: minutes are those of scores, and maximize gives none with its numbers, as dppa.objective does")
    end
    book.seconds = book.seconds + seconds - (each.seconds or 0)
    each.seconds, each.scores = seconds, scores or {}
  end

  local function evaluate(list, share)
    local models = {}
    for index, each in ipairs(list) do
      models[index] = o.candidate(space.assemble(space.flat(each.parameters)))
      if models[index] == nil then error("search: candidate gives nothing for " .. space.text(each.parameters)) end
    end
    local values, scores = o.maximize(models, share)
    if type(values) ~= "table" or #values ~= #models then
      error("search: maximize must give a list of numbers, as long as its list of models; it gives a " .. type(values))
    end
    if scores ~= nil and type(scores) ~= "table" then
      error("search: what maximize gives behind the numbers must be a list of scores; it is a " .. type(scores))
    end
    for index, each in ipairs(list) do
      check_value(values[index], space.text(each.parameters))
      note_scores(each, scores and scores[index], share)
      book.spent = book.spent + share - each.share
      each.value, each.share = values[index], share
      if not each.place then
        book.all[#book.all + 1] = each
        each.place = #book.all
      end
    end
  end

  -- Whether a candidate may join some others: within the budget, and as far as the scores until now tell within the minutes.
  local function affordable(each, list, share)
    local cost = share - each.share
    for _, other in ipairs(list) do cost = cost + share - other.share end
    if book.spent + cost > book.limit + 1e-9 then return false end
    if not o.minutes then return true end
    local left = 60 * o.minutes - book.seconds
    if #list == 0 then return left > 0 end
    return book.spent > 0 and cost * book.seconds / book.spent <= left
  end

  -- The record of a candidate.
  function book.record(parameters)
    local key = space.text(parameters)
    known[key] = known[key] or { parameters = parameters, share = 0 }
    return known[key]
  end

  function book.try(list, share)
    share = share or 1
    local records, values, next, waits = {}, {}, 1, {}
    for index, parameters in ipairs(list) do records[index] = book.record(parameters) end
    idle = idle + 1
    while next <= #records do
      local part = {}
      while next <= #records and #part < strategies.batch do
        local each = records[next]
        if each.share < share and not waits[each] then
          if not affordable(each, part, share) then break end
          part[#part + 1], waits[each] = each, true
        end
        next = next + 1
      end
      if #part == 0 and next <= #records then
        book.ended = true
        return nil
      end
      if #part > 0 then
        idle = 0
        evaluate(part, share)
      end
    end
    -- Where a strategy comes back to what it has tried for long, there is nothing else.
    if idle >= 100 then return nil end
    for index, each in ipairs(records) do values[index] = each.value end
    return values
  end

  return book
end

local function better(a, b)
  if a.share ~= b.share then return a.share > b.share end
  return a.value > b.value
end

local function check_shares(o)
  local before = 0
  for _, share in ipairs(o.shares) do
    if share <= before or share > 1 then error("search: shares must grow from above 0 to 1; they are " .. table.concat(o.shares, ", ")) end
    before = share
  end
  if before ~= 1 then error("search: the last of shares must be 1, the whole task; it is " .. before) end
  if #o.shares > 1 and (o.strategy == "cma" or o.strategy == "line" or o.strategy == "greedy") then
    error("search: shares are for sobol, random and grid; " .. o.strategy .. " compares candidates on whole tasks")
  end
end

return dppa.method {
  name = "search",
  summary = "Finds the parameters whose candidate scores best.",
  options = {
    {
      name = "parameters", kind = "list", required = true, nonempty = true,
      help = "what is searched: tables such as { name = \"density\", min = 0.1, max = 0.9 }",
    },
    { name = "candidate", kind = "function", required = true, help = "from a table of the parameters' values to a model" },
    {
      name = "maximize", kind = "function", required = true,
      help = "from a list of models, and the share of the questions, to a list of numbers and a list of the scores behind them: "
        .. "dppa.objective makes one",
    },
    {
      name = "strategy", default = "cma", choices = { "cma", "line", "sobol", "random", "grid", "greedy" },
      help = "how values are chosen",
    },
    {
      name = "budget", kind = "count", min = 1,
      help = "how many candidates are scored; one that is asked a part of the questions counts as that part (if left out, 40, and with "
        .. "minutes any number)",
    },
    { name = "minutes", kind = "number", min = 0.001, help = "of scoring, after which no further candidate is begun" },
    {
      name = "shares", default = { 1 }, min = 0, max = 1, nonempty = true,
      help = "growing shares of each task's questions, of which the last is 1: the better candidates go on to the next",
    },
    { name = "seed", kind = "count", default = 0, min = 0, max = 2 ^ 32, help = "of cma, sobol and random" },
    {
      name = "take", default = "rule", choices = { "rule", "best" },
      help = "of greedy: the values where DPPA's rule ends, or those of the best candidate",
    },
    { name = "name", default = "search", set = false, help = "of the table in the report" },
  },
  returns = "a table: parameters, taken, best, candidates",
  example = "local found = search { parameters = { { name = \"density\", min = 0.1, max = 0.9 } }, budget = 20, "
    .. "candidate = function(p) return ties(base, { a, b }, { density = p.density }) end, maximize = objective(b, \"law.jsonl\") }",
  run = function(o)
    check_shares(o)
    local space = search_space.of(o.parameters)
    local book, rule = ledger(o, space), nil
    if o.strategy == "greedy" then
      rule = space.assemble(strategies.greedy(space, book.try))
    else
      space.require_ranges()
      if o.strategy == "cma" or o.strategy == "line" then
        local start = space.point_of_start()
        if o.strategy == "line" then
          strategies.learning(line_search { start = start }, space, book.try)
        elseif book.try { space.values(start) } then
          strategies.learning(cma { mean = start, seed = o.seed }, space, book.try)
        end
      else
        local next, total = strategies.proposals(o, space)
        if o.strategy == "grid" and not o.budget then book.limit = math.huge end
        if #o.shares > 1 then
          strategies.halving(o, next, book.try, book.record, book.limit, total)
        else
          strategies.in_order(next, book.try)
        end
      end
    end
    -- At its limit the rule ends on values that it has not tried; a model's scores are always its own.
    if rule and o.take == "rule" and not book.record(rule).value and not book.try { rule } then rule = nil end
    if #book.all == 0 then error("search: there is no candidate within the budget") end
    local best = book.all[1]
    for _, each in ipairs(book.all) do
      if better(each, best) then best = each end
    end
    local taken = rule and o.take == "rule" and book.record(rule) or best
    local on_front, tasks = candidates.report(o, space, book.all, taken)
    candidates.tell(o, space, book, taken, best, on_front, tasks)
    return { parameters = space.assemble(space.flat(taken.parameters)), taken = taken, best = best, candidates = book.all }
  end,
}
