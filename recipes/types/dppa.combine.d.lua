---@meta dppa.combine
-- Made from the module's own declarations: `make reference`.

local combine = {}

---@class dppa.combine.sum.Options
---@field weights? dppa.PerExpert weight of each delta (default 1; per expert and tensor)
---@field normalize? boolean divide by the sum of the weights (true or false; default false)

---The weighted sum of deltas.
---@param deltas dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.combine.sum.Options
---@return dppa.Field a delta
function combine.sum(deltas, options) end

---@class dppa.combine.elect.Options
---@field weights? dppa.PerExpert weight of each delta (default 1; per expert and tensor)
---@field normalize? boolean divide by the weights that agree (true or false; default true)
---@field vote? "weighted"|"plain"|"majority" what elects: weighted deltas; plain ones; or these, and where they cancel the sign of most elements (weighted, plain, majority; default weighted)

---The weighted mean of the deltas that agree with the sign elected for each element.
---@param deltas dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.combine.elect.Options
---@return dppa.Field a delta
function combine.elect(deltas, options) end

return combine
