-- How good a candidate is beside a dense model: the geometric mean over tasks of score / dense score.
-- Gives a function from a model, or a list of models, to that number (or a list) and the scores by task.
local dppa = require "dppa.v1"

return function(dense, tasks)
  local reference
  local function relative(scores)
    local product, count = 1, 0
    for task, score in pairs(scores) do
      local best = reference[task]
      -- A perplexity is the better the smaller it is.
      local ratio = score.metric == "perplexity" and best.value / score.value or score.value / best.value
      product, count = product * ratio, count + 1
    end
    return product ^ (1 / count)
  end
  return function(model)
    local list = type(tasks) == "string" and { tasks } or tasks
    if not reference then
      reference = dppa.score(dense, list, { details = true })
      for task, score in pairs(reference) do
        if score.value == 0 then
          error("the dense model " .. tostring(dppa.label(dense)) .. " scores 0 on '" .. task
            .. "', so nothing can be measured against it", 2)
        end
      end
    end
    local scores = dppa.score(model, list, { details = true })
    if type(model) ~= "table" then return relative(scores), scores end
    local numbers = {}
    for index, each in ipairs(scores) do numbers[index] = relative(each) end
    return numbers, scores
  end
end
