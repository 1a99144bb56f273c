---@meta dppa.task_arithmetic
-- Made from the module's own declarations: `make reference`.

---@class dppa.task_arithmetic.Options
---@field weights? dppa.PerExpert weight of each delta (default 1; per expert and tensor)
---@field normalize? boolean divide by the sum of the weights (true or false; default false)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---Task arithmetic: base + lambda * sum(w * delta).
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.task_arithmetic.Options
---@return dppa.Field a model
local function task_arithmetic(base, experts, options) end

return task_arithmetic
