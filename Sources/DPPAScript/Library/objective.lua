-- How good a candidate is beside dense models: of each task score / dense score, for perplexities dense score / score, and of
-- these the weighted geometric mean, or the worst.
-- Several dense models have a list of tasks each, and each model counts the same.
-- Gives a function from a model, or a list of models, to that number (or a list) and the scores by task. Its second argument is
-- the share of each task's questions that is asked, from the first on; what of them has been answered before is not asked again.
local dppa = require "dppa.v1"

local function names(tasks) return type(tasks) == "string" and { tasks } or tasks end

-- What a candidate keeps of one dense model: a function from models and a share to lists of ratios by task, and the scores.
local function beside(dense, tasks)
  local references = {}
  local function reference(share)
    local known = references[share]
    if known then return known end
    known = dppa.score(dense, tasks, { details = true, share = share })
    for task, score in pairs(known) do
      if score.value == 0 then
        local of = share < 1 and "the first " .. score.count .. " questions of " or ""
        error("the dense model " .. tostring(dppa.label(dense)) .. " scores 0 on " .. of .. "'" .. task
          .. "', so nothing can be measured against it")
      end
    end
    references[share] = known
    return known
  end
  return function(models, share)
    local best, scores, ratios = reference(share), dppa.score(models, tasks, { details = true, share = share }), {}
    for index, each in ipairs(scores) do
      ratios[index] = {}
      for task, score in pairs(each) do
        local dense_value = best[task].value
        -- A perplexity is the better the smaller it is.
        ratios[index][task] = score.better == "smaller" and dense_value / score.value or score.value / dense_value
      end
    end
    return ratios, scores
  end
end

-- The weights of a dense model's tasks, which add up to what the model counts.
local function shares(ratios, weights, seen)
  local count, result = 0, {}
  for task in pairs(ratios) do count = count + 1 end
  for task in pairs(ratios) do
    seen[task] = true
    result[task] = (weights[task] or 1) / count
  end
  return result
end

local function require_known(weights, seen)
  for task in pairs(weights) do
    if not seen[task] then
      local known = {}
      for name in pairs(seen) do known[#known + 1] = name end
      error("objective: option 'weights' names '" .. task .. "'; the tasks are " .. table.concat(known, ", "))
    end
  end
end

-- The ratios of one candidate, a list with a table for each dense model, as one number.
local function value(ratios, o, seen)
  local product, total, worst = 1, 0, nil
  local parts = {}
  for number, own in ipairs(ratios) do parts[number] = shares(own, o.weights, seen) end
  require_known(o.weights, seen)
  for _, part in ipairs(parts) do
    for _, weight in pairs(part) do total = total + weight end
  end
  if total <= 0 then error("objective: option 'weights' leaves no task that counts") end
  for number, own in ipairs(ratios) do
    for task, ratio in pairs(own) do
      local weight = parts[number][task]
      if weight > 0 then
        product = product * ratio ^ (weight / total)
        worst = worst and math.min(worst, ratio) or ratio
      end
    end
  end
  return o.overall == "worst" and worst or product
end

return dppa.method {
  name = "objective",
  summary = "How good a candidate is beside dense models: the geometric mean of score / dense score, or the worst of them.",
  arguments = {
    { name = "dense", kind = "models", help = "what a candidate is compared with" },
    { name = "tasks", kind = "any", help = "task files; of several dense models, a list with those of each" },
  },
  options = {
    {
      name = "overall", default = "mean", choices = { "mean", "worst" },
      help = "what counts: the geometric mean over tasks, or the task that has lost most",
    },
    { name = "weights", kind = "any", default = {}, help = "a table from tasks to their weights in the mean, 1 where it has none; of 0 the task is only shown" },
  },
  returns = "a function from a model, or a list of models, to a number (or a list) and the scores by task",
  example = "objective({ math, law }, { \"math.jsonl\", \"law.jsonl\" })(base)",
  run = function(dense, tasks, o)
    if type(o.weights) ~= "table" then error("objective: option 'weights' must be a table from tasks to numbers") end
    for task, weight in pairs(o.weights) do
      if type(weight) ~= "number" or not (weight >= 0 and weight < math.huge) then
        error("objective: the weight of '" .. tostring(task) .. "' must be a number of at least 0; it is " .. tostring(weight))
      end
    end
    local judges = {}
    if #dense == 1 and not (type(tasks) == "table" and type(tasks[1]) == "table") then
      judges[1] = beside(dense[1], names(tasks))
    else
      if type(tasks) ~= "table" or #tasks ~= #dense then
        error("objective: " .. #dense .. " dense models need a list with the tasks of each; "
          .. (type(tasks) == "table" and "it has " .. #tasks or "it is a " .. type(tasks)))
      end
      for index, model in ipairs(dense) do judges[index] = beside(model, names(tasks[index])) end
    end
    return function(model, share)
      local list = type(model) == "table" and model or { model }
      local ratios, values, scores = {}, {}, {}
      for index in ipairs(list) do ratios[index], scores[index] = {}, {} end
      for number, judge in ipairs(judges) do
        local own, details = judge(list, share or 1)
        for index in ipairs(list) do
          ratios[index][number] = own[index]
          for task, score in pairs(details[index]) do
            local name = scores[index][task] and task .. " of " .. (dppa.label(dense[number]) or number) or task
            scores[index][name] = score
          end
        end
      end
      for index in ipairs(list) do values[index] = value(ratios[index], o, {}) end
      if type(model) == "table" then return values, scores end
      return values[1], scores[1]
    end
  end,
}
