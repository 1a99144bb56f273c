---@meta dppa.knots
-- Made from the module's own declarations: `make reference`.

---@class dppa.knots.Options
---@field density? number share of each expert's coordinates to keep, over the model; below 1 all is decomposed several times (from 0 to 1; default 1)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field tolerance? number directions whose singular value is at most this times the largest do not exist, as of adapters' deltas (from 0 to 1; default 1e-06)
---@field precision? "f64"|"f32" what matrices are decomposed in; f32 takes half the memory and time, and leaves five digits (f64, f32; default f64)

---KnOTS: deltas merged by TIES in the singular directions that they have in common.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.knots.Options
---@return dppa.Field a model
local function knots(base, experts, options) end

return knots
