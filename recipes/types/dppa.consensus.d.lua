---@meta dppa.consensus
-- Made from the module's own declarations: `make reference`.

---@class dppa.consensus.Options
---@field threshold? dppa.PerExpert an expert needs elements in which its delta is larger than this times what is merged besides it (at least 0; default 0.4; per expert and tensor)
---@field agree? integer how many experts must need an element; 0: all stay (whole number; at least 0; default 2)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field weights? dppa.PerExpert weight of each delta (default 1; per expert and tensor)
---@field merged? dppa.Field what is thinned, such as ties(base, experts) - base; left out: the weighted sum (delta)

---Consensus merging: of the sum of deltas, or a merged delta, stays what several experts need.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.consensus.Options
---@return dppa.Field a model
local function consensus(base, experts, options) end

return consensus
