-- How good a candidate is beside dense models: the geometric mean over tasks of score / dense score.
-- Several dense models have a list of tasks each, and what counts is the geometric mean of what each keeps.
-- Gives a function from a model, or a list of models, to that number (or a list) and the scores by task.
local dppa = require "dppa.v1"

local function names(tasks) return type(tasks) == "string" and { tasks } or tasks end

-- Beside one dense model: a function from a list of models to their numbers and scores.
local function beside(dense, tasks)
  local reference
  local function relative(scores)
    local product, count = 1, 0
    for task, score in pairs(scores) do
      local best = reference[task]
      -- A perplexity is the better the smaller it is.
      local ratio = score.better == "smaller" and best.value / score.value or score.value / best.value
      product, count = product * ratio, count + 1
    end
    return product ^ (1 / count)
  end
  return function(models)
    if not reference then
      reference = dppa.score(dense, tasks, { details = true })
      for task, score in pairs(reference) do
        if score.value == 0 then
          error("the dense model " .. tostring(dppa.label(dense)) .. " scores 0 on '" .. task
            .. "', so nothing can be measured against it")
        end
      end
    end
    local scores, numbers = dppa.score(models, tasks, { details = true }), {}
    for index, each in ipairs(scores) do numbers[index] = relative(each) end
    return numbers, scores
  end
end

return dppa.method {
  name = "objective",
  summary = "How good a candidate is beside dense models: the geometric mean of score / dense score.",
  arguments = {
    { name = "dense", kind = "models", help = "what a candidate is compared with" },
    { name = "tasks", kind = "any", help = "task files; of several dense models, a list with those of each" },
  },
  returns = "a function from a model, or a list of models, to a number (or a list) and the scores by task",
  example = "objective({ math, law }, { \"math.jsonl\", \"law.jsonl\" })(base)",
  run = function(dense, tasks)
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
    return function(model)
      local list = type(model) == "table" and model or { model }
      local values, scores = {}, {}
      for index in ipairs(list) do values[index], scores[index] = 1, {} end
      for number, judge in ipairs(judges) do
        local numbers, details = judge(list)
        for index, each in ipairs(numbers) do
          values[index] = #judges == 1 and each or values[index] * each ^ (1 / #judges)
          for task, score in pairs(details[index]) do
            local name = scores[index][task] and task .. " of " .. (dppa.label(dense[number]) or number) or task
            scores[index][name] = score
          end
        end
      end
      if type(model) == "table" then return values, scores end
      return values[1], scores[1]
    end
  end,
}
