---@meta dppa.star
-- Made from the module's own declarations: `make reference`.

---@class dppa.star.Options
---@field eta? dppa.PerTensor share of the sum of singular values to keep (from 0 to 1; default 0.4; per tensor)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field precision? "f64"|"f32" what matrices are decomposed in; f32 takes half the memory and time, and leaves five digits (f64, f32; default f64)

---STAR: the mean of deltas without their weak singular directions, each rescaled to the sum that it had.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.star.Options
---@return dppa.Field a model
local function star(base, experts, options) end

return star
