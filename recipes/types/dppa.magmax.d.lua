---@meta dppa.magmax
-- Made from the module's own declarations: `make reference`.

---@class dppa.magmax.Options
---@field lambda? dppa.PerTensor scale of the merged delta (default 0.5; per tensor)

---MagMax: every element is that of the delta which is largest there.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.magmax.Options
---@return dppa.Field a model
local function magmax(base, experts, options) end

return magmax
