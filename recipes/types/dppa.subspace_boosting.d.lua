---@meta dppa.subspace_boosting
-- Made from the module's own declarations: `make reference`.

---@class dppa.subspace_boosting.Options
---@field beta? dppa.PerTensor singular values behind the one that reaches this share of their sum are raised to it; 0 to 0.03 in the paper (from 0 to 1; default 0.01; per tensor)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field tolerance? number directions whose singular value is at most this times the largest do not exist, as of adapters' deltas (from 0 to 1; default 1e-06)
---@field precision? "f64"|"f32" what matrices are decomposed in; f32 takes half the memory and time, and leaves five digits (f64, f32; default f64)
---@field weights? dppa.PerExpert weight of each delta (default 1; per expert and tensor)
---@field merged? dppa.Field what is boosted, such as ties(base, experts) - base; left out: the weighted sum (delta)

---Subspace Boosting: the sum of deltas, or a merged delta, with its weak singular values raised.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.subspace_boosting.Options
---@return dppa.Field a model
local function subspace_boosting(base, experts, options) end

return subspace_boosting
