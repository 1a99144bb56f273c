---@meta dppa.average
-- Made from the module's own declarations: `make reference`.

---@class dppa.average.Options
---@field weights? dppa.PerExpert share of each model (default 1; per expert and tensor)
---@field normalize? boolean divide by the sum of the weights (true or false; default true)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---The weighted mean of models, without a base: sum(w * x_i) / sum(w).
---@param models dppa.Field|dppa.Field[] a model or a list of models
---@param options? dppa.average.Options
---@return dppa.Field a model
local function average(models, options) end

return average
