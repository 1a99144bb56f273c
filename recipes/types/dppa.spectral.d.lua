---@meta dppa.spectral
-- Made from the module's own declarations: `make reference`.

local spectral = {}

---@class dppa.spectral.merge.Options
---@field rule function from a list of deltas to a field of their shapes (function; required)
---@field least? integer matrices with a smaller side than this have the mean (whole number; at least 1; default 1)

---One delta of several: what a rule makes of their matrices, the linears of blocks; the mean of all other tensors.
---@param deltas dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options dppa.spectral.merge.Options
---@return dppa.Field a delta
function spectral.merge(deltas, options) end

return spectral
