---@meta dppa.drm
-- Made from the module's own declarations: `make reference`.

---@class dppa.drm.Options
---@field drop? number share of all normalised coordinates of a tensor to cut (from 0 to 1; default 0.3)
---@field cut? number directions up to this times the largest singular value go (from 0 to 1; default 0.01)
---@field side? "columns"|"rows" deltas lie side by side, or one below the other, so that it is their rows that they share (columns, rows; default columns)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field precision? "f64"|"f32" what matrices are decomposed in; f32 takes half the memory and time, and leaves five digits (f64, f32; default f64)

---DRM: deltas merged by sign in common singular directions, after their coordinates were normalised and trimmed.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.drm.Options
---@return dppa.Field a model
local function drm(base, experts, options) end

return drm
