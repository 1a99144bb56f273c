---@meta dppa.nuslerp
-- Made from the module's own declarations: `make reference`.

---@class dppa.nuslerp.Options
---@field weights? dppa.PerExpert share of each expert (default 1; per expert and tensor)
---@field vectors? "deltas"|"models" what the angle is between: the experts' deltas of the base, or the models themselves (deltas, models; default deltas)
---@field scope? "tensor"|"row"|"column" what has an angle of its own; mergekit's nuslerp_flatten false is row, its nuslerp_row_wise column (tensor, row, column; default tensor)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---The weighted mean of two deltas, or of two models, along the great circle between them.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model or a list of models
---@param options? dppa.nuslerp.Options
---@return dppa.Field a model
local function nuslerp(base, experts, options) end

return nuslerp
