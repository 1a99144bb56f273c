---@meta dppa.average
-- Made from the module's own declarations: `make reference`.

---@class dppa.average.Options
---@field weights? dppa.PerExpert share of each model (default 1; per expert and tensor)

---The weighted mean of models, without a base: sum(w * x_i) / sum(w).
---@param models dppa.Field|dppa.Field[] a model or a list of models
---@param options? dppa.average.Options
---@return dppa.Field a model
local function average(models, options) end

return average
