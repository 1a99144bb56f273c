---@meta dppa.objective
-- Made from the module's own declarations: `make reference`.

---How good a candidate is beside dense models: the geometric mean of score / dense score.
---@param dense dppa.Field|dppa.Field[] a model or a list of models: what a candidate is compared with
---@param tasks any task files; of several dense models, a list with those of each
---@return function a function from a model, or a list of models, to a number (or a list) and the scores by task
local function objective(dense, tasks) end

return objective
