---@meta dppa.model_stock
-- Made from the module's own declarations: `make reference`.

---@class dppa.model_stock.Options
---@field scope? "tensor"|"row" what has an angle of its own; row: mergekit's filter_wise (tensor, row; default tensor)
---@field extrapolate? boolean whether t may leave 0 to 1 (true or false; default false; of mergekit true)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---Model Stock: the mean of the experts, drawn towards the base by the angle between their deltas.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.model_stock.Options
---@return dppa.Field a model
local function model_stock(base, experts, options) end

return model_stock
