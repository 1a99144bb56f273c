---@meta dppa.magic
-- Made from the module's own declarations: `make reference`.

---@class dppa.magic.Options
---@field rho? dppa.PerTensor length of a tensor's delta beside the experts' mean (at least 0; default 1; per tensor)
---@field weights? dppa.PerExpert weight of each delta (default 1; per expert and tensor)
---@field merged? dppa.Field what is calibrated, such as ties(base, experts) - base; left out: the weighted sum (delta)

---MAGIC: the sum of deltas, or a merged delta, with the mean length of the experts' deltas, tensor by tensor.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.magic.Options
---@return dppa.Field a model
local function magic(base, experts, options) end

return magic
