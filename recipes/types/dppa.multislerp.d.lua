---@meta dppa.multislerp
-- Made from the module's own declarations: `make reference`.

---@class dppa.multislerp.Options
---@field weights? dppa.PerExpert share of each expert (default 1; per expert and tensor)
---@field vectors? "deltas"|"models" what the directions are of: the experts' deltas of the base, or the models themselves (deltas, models; default deltas)
---@field normalize? boolean divide the weights by their sum (true or false; default true)
---@field eps? number directions whose mean is as short as this cancel (at least 0; default 1e-06; of mergekit 1e-08)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---The weighted mean direction of deltas, or of models, with the mean of their lengths.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model or a list of models
---@param options? dppa.multislerp.Options
---@return dppa.Field a model
local function multislerp(base, experts, options) end

return multislerp
