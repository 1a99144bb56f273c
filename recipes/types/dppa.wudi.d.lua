---@meta dppa.wudi
-- Made from the module's own declarations: `make reference`.

---@class dppa.wudi.Options
---@field solver? "steps"|"exact" descent as in the paper, or the least itself (steps, exact; default steps)
---@field steps? integer steps of the descent (whole number; from 0 to 2000; default 300)
---@field rate? number how far an element goes in a step at most, about; 2e-5 for language (at least 0; default 1e-05)
---@field ridge? number what exact adds to G, times the mean of its diagonal (at least 0; default 0)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field tolerance? number directions whose singular value is at most this times the largest do not exist, as of adapters' deltas (from 0 to 1; default 1e-06)

---WUDI: the delta that is least in the way of all experts, by descent from their sum or exactly.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.wudi.Options
---@return dppa.Field a model
local function wudi(base, experts, options) end

return wudi
