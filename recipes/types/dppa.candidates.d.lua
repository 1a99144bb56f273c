---@meta dppa.candidates
-- Made from the module's own declarations: `make reference`.

local candidates = {}

---Which models are on the Pareto front of their scores: no other is better on a task and on none worse.
---@param scores any[] a list: of each model, a table from tasks to details of its score
---@return any a list of booleans, and the tasks in order
function candidates.front(scores) end

return candidates
