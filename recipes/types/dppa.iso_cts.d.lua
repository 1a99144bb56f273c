---@meta dppa.iso_cts
-- Made from the module's own declarations: `make reference`.

---@class dppa.iso_cts.Options
---@field common? number share of the directions that are the sum's (from 0 to 1; default 0.8)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field tolerance? number directions whose singular value is at most this times the largest do not exist, as of adapters' deltas (from 0 to 1; default 1e-06)
---@field precision? "f64"|"f32" what matrices are decomposed in; f32 takes half the memory and time, and leaves five digits (f64, f32; default f64)

---Iso-CTS: equally strong directions, most of the sum of deltas, some of each expert alone.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.iso_cts.Options
---@return dppa.Field a model
local function iso_cts(base, experts, options) end

return iso_cts
