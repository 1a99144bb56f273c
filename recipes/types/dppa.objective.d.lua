---@meta dppa.objective
-- Made from the module's own declarations: `make reference`.

---@class dppa.objective.Options
---@field overall? "mean"|"worst" what counts: the geometric mean over tasks, or the task that has lost most (mean, worst; default mean)
---@field weights? any a table from tasks to their weights in the mean, 1 where it has none; of 0 the task is only shown (default: nothing)

---How good a candidate is beside dense models: the geometric mean of score / dense score, or the worst of them.
---@param dense dppa.Field|dppa.Field[] a model or a list of models: what a candidate is compared with
---@param tasks any task files; of several dense models, a list with those of each
---@param options? dppa.objective.Options
---@return function a function from a model, or a list of models, to a number (or a list) and the scores by task
local function objective(dense, tasks, options) end

return objective
