-- How a search chooses what it tries. A space is one of dppa.search_space; `try` takes a list of values and gives a list of numbers,
-- or nil where the budget has ended, where a strategy ends as well.
local dppa = require "dppa.v1"
local random = require "dppa.random"
local search_space = require "dppa.search_space"
local sobol = require "dppa.sobol"
local strategies = {}

-- Candidates that are built in one read, and whose scores are lost together when a run is stopped.
strategies.batch = 16

-- DPPA's rule, as the authors' program has it: the first value that is not better ends a number; the best so far is carried on.
function strategies.greedy(space, try)
  local list, best = {}, nil
  for k, coordinate in ipairs(space.coordinates) do
    local p = coordinate.parameter
    if coordinate.start == nil or not p.step then error("search: the greedy strategy needs start and step of '" .. p.name .. "'") end
    list[k] = coordinate.start
  end
  for k, coordinate in ipairs(space.coordinates) do
    local p = coordinate.parameter
    local function stepped(by) return search_space.rounded(p, list[k] + by) end
    if k > 1 then list[k] = math.min(p.max or math.huge, list[k] < 0.1 and 1.0 or stepped(p.step)) end
    while not (p.max and list[k] > p.max) do
      local values = try { space.assemble(list) }
      if not values then return list end
      if best and values[1] <= best then break end
      best, list[k] = values[1], stepped(p.step)
    end
    if list[k] > 1 or p.max and list[k] > p.max then list[k] = stepped(-p.step) end
  end
  return list
end

-- A function that proposes values, nil when there are no more; of a grid also how many there are.
function strategies.proposals(o, space)
  if o.strategy == "grid" then
    local total, values = space.grid()
    if o.budget and total > o.budget and #o.shares == 1 then
      error("search: the grid has " .. total .. " candidates, and the budget is " .. o.budget .. "; larger steps or a larger budget")
    end
    local next = 0
    return function()
      next = next + 1
      return next <= total and values(next - 1) or nil
    end, total
  end
  local n = #space.coordinates
  local first, is_given = space.point_of_start()
  local point
  if o.strategy == "sobol" then
    point = sobol { dimensions = n, seed = o.seed }
  else
    local draw = random { seed = o.seed }
    point = function()
      local list = {}
      for k = 1, n do list[k] = draw.uniform() end
      return list
    end
  end
  return function()
    if is_given then
      is_given = false
      return space.values(first)
    end
    return space.values(point())
  end
end

function strategies.in_order(next, try)
  repeat
    local list = {}
    for k = 1, strategies.batch do list[k] = next() end
  until #list == 0 or not try(list)
end

strategies.rungs = dppa.method {
  name = "strategies.rungs",
  summary = "Successive halving: how many of some candidates are asked each share of the questions, and what that costs.",
  options = {
    { name = "count", kind = "count", required = true, min = 1, help = "how many there are" },
    { name = "shares", kind = "list", of = "number", required = true, nonempty = true, min = 0, max = 1, help = "growing, the last is 1" },
  },
  returns = "a list of counts, and the cost in candidates that are asked everything",
  example = "local counts, cost = strategies.rungs { count = 80, shares = { 0.25, 0.5, 1 } }",
  run = function(o)
    local counts, cost = {}, 0
    for k, share in ipairs(o.shares) do
      counts[k] = math.max(1, math.floor(o.count * o.shares[1] / share + 1e-9))
      cost = cost + counts[k] * (share - (o.shares[k - 1] or 0))
    end
    return counts, cost
  end,
}

-- Successive halving: many candidates on the first share of the questions, the best of them on the next.
function strategies.halving(o, next, try, record, limit, total)
  local function rungs(count) return strategies.rungs { count = count, shares = o.shares } end
  local size = total or math.floor(4 / o.shares[1])
  if limit < math.huge then
    size = total or math.floor(limit / o.shares[1])
    while size > 1 and select(2, rungs(size)) > limit + 1e-9 do size = size - 1 end
    local _, cost = rungs(size)
    if cost > limit + 1e-9 or size < 2 then
      error("search: a budget of " .. limit .. " is too small for " .. (total or 2) .. " candidates with shares "
        .. table.concat(o.shares, ", "))
    end
  end
  repeat
    local counts, list, seen, misses = rungs(size), {}, {}, 0
    while #list < size and misses < 1000 do
      local parameters = next()
      if not parameters then break end
      local each = record(parameters)
      if seen[each] or each.value then misses = misses + 1 else list[#list + 1], seen[each] = each, true end
    end
    for k, share in ipairs(o.shares) do
      local wanted = {}
      for index = 1, math.min(#list, counts[k]) do wanted[index] = list[index].parameters end
      if #wanted == 0 or not try(wanted, share) then return end
      table.sort(list, function(a, b)
        if a.share ~= b.share then return a.share > b.share end
        if a.value ~= b.value then return a.value > b.value end
        return a.place < b.place
      end)
    end
  until limit < math.huge or total
end

-- Lets what learns from values go on until it is done.
function strategies.learning(searcher, space, try)
  local function inside(x)
    -- Beyond an end it is as far inside, so that no point is lost.
    x = math.abs(x) % 2
    return x > 1 and 2 - x or x
  end
  local points = searcher.ask()
  while points do
    local list = {}
    for index, point in ipairs(points) do
      local own = {}
      for k, x in ipairs(point) do own[k] = inside(x) end
      list[index] = space.values(own)
    end
    local values = try(list)
    if not values then return end
    searcher.tell(values)
    points = searcher.ask()
  end
end

return strategies
