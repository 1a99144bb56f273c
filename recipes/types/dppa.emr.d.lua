---@meta dppa.emr
-- Made from the module's own declarations: `make reference`.

---@class dppa.emr.Options
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)

---EMR: the sign of the sum of deltas, and the largest size among the deltas that have it.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.emr.Options
---@return dppa.Field a model
local function emr(base, experts, options) end

return emr
