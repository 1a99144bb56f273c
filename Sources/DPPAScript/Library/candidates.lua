-- What a search tells of its candidates: which are on the Pareto front, a table for the report, lines for the terminal.
-- Scores are tables from tasks to what `dppa.score` with `details` gives; what lacks a task is on no front.
local dppa = require "dppa.v1"
local candidates = {}

-- A score as a number that is the better the larger it is.
local function merit(score) return score.better == "smaller" and -score.value or score.value end

candidates.front = dppa.method {
  name = "candidates.front",
  summary = "Which models are on the Pareto front of their scores: no other is better on a task and on none worse.",
  arguments = { { name = "scores", kind = "list", help = "of each model, a table from tasks to details of its score" } },
  returns = "a list of booleans, and the tasks in order",
  example = "local is_on_front = candidates.front(dppa.score({ base, expert }, { \"math.jsonl\", \"law.jsonl\" }, { details = true }))",
  run = function(scores)
    local tasks, all, on, members = {}, {}, {}, {}
    for _, one in ipairs(scores) do
      for task in pairs(one) do all[task] = true end
    end
    for task in pairs(all) do tasks[#tasks + 1] = task end
    local points = {}
    for index, one in ipairs(scores) do
      local point = { index = index }
      for k, task in ipairs(tasks) do point[k] = one[task] and merit(one[task]) end
      on[index] = false
      if #point == #tasks then points[#points + 1] = point end
    end
    -- The best of the first task come first, so that nothing that follows can beat what is on the front already.
    table.sort(points, function(a, b)
      for k = 1, #tasks do
        if a[k] ~= b[k] then return a[k] > b[k] end
      end
      return a.index < b.index
    end)
    for _, point in ipairs(points) do
      local beaten = false
      for _, member in ipairs(members) do
        local worse, better = false, false
        for k = 1, #tasks do
          worse, better = worse or point[k] < member[k], better or point[k] > member[k]
        end
        if worse and not better then
          beaten = true
          break
        end
      end
      if not beaten then members[#members + 1], on[point.index] = point, true end
    end
    return on, tasks
  end,
}

-- Candidates as a table of the report: parameters, scores with their errors, objective, front, and which one was taken.
function candidates.report(o, space, all, taken)
  local columns, rows, full, is_partial = {}, {}, {}, false
  for _, each in ipairs(all) do
    is_partial = is_partial or each.share < 1
    full[#full + 1] = each.share == 1 and each.scores or {}
  end
  local on_front, tasks = candidates.front(full)
  local names = {}
  for k, name in ipairs(space.columns) do columns[k], names[name] = name, true end
  for _, task in ipairs(tasks) do
    local name = names[task] and "task " .. task or task
    columns[#columns + 1] = name
    columns[#columns + 1] = name .. " ±"
  end
  local function add(name) columns[#columns + 1] = name end
  add "objective"
  if is_partial then add "share" end
  if #tasks > 1 then add "front" end
  add "taken"
  add "seconds"
  for index, each in ipairs(all) do
    local row = space.flat(each.parameters)
    local function put(value) row[#row + 1] = value end
    for _, task in ipairs(tasks) do
      local score = each.scores[task]
      put(score and score.value or "–")
      put(score and score.standard_error or "–")
    end
    put(each.value)
    if is_partial then put(each.share) end
    if #tasks > 1 then put(on_front[index] and "front" or "–") end
    put(each == taken and "taken" or "–")
    put(math.floor(each.seconds * 1000 + 0.5) / 1000)
    rows[index] = row
  end
  dppa.report { name = o.name, columns = columns, rows = rows }
  return #tasks > 1 and on_front or {}, tasks
end

-- The outcome in a line, and the front where there is one.
function candidates.tell(o, space, book, taken, best, on_front, tasks)
  local function of(each)
    local share = each.share < 1 and ", on a share of " .. each.share or ""
    return space.text(each.parameters) .. string.format(" (objective %.4g%s)", each.value + 0.0, share)
  end
  local count = #book.all .. (#book.all == 1 and " candidate" or " candidates")
  print(o.name .. ": " .. of(taken) .. (taken == best and ", the best of " .. count or " of " .. count .. "; the best is " .. of(best))
    .. (book.ended and o.strategy == "greedy" and "; the budget ended the rule" or ""))
  local shown = {}
  for index, each in ipairs(book.all) do
    if on_front[index] then shown[#shown + 1] = each end
  end
  if #shown < 2 then return end
  local first = tasks[1]
  table.sort(shown, function(a, b)
    local x, y = a.scores[first].value, b.scores[first].value
    if x ~= y then return x > y end
    return a.place < b.place
  end)
  print("front of " .. table.concat(tasks, ", ") .. ": " .. #shown .. " candidates that no other beats on a task without losing on another")
  for index = 1, math.min(#shown, 12) do
    local words = {}
    for k, task in ipairs(tasks) do words[k] = string.format("%.4f", shown[index].scores[task].value) end
    print("  " .. table.concat(words, "  ") .. "  " .. space.text(shown[index].parameters) .. (shown[index] == taken and "  taken" or ""))
  end
  if #shown > 12 then print("  and " .. #shown - 12 .. " more, in the report") end
end

return candidates
