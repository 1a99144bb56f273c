---@meta dppa.lines
-- Made from the module's own declarations: `make reference`.

---@class dppa.lines.Options
---@field alpha? dppa.PerTensor scale of the first block; left out: that of the mean (at least 0; per tensor)
---@field beta? dppa.PerTensor what is added to it on the way to the last block (default 0.5; per tensor)
---@field weights? dppa.PerExpert weight of each delta (default 1; per expert and tensor)
---@field merged? dppa.Field what is scaled, such as ties(base, experts) - base; left out: the weighted sum (delta)

---LiNeS: the sum of deltas, or a merged delta, scaled along depth: little in the first blocks, most in the last.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.lines.Options
---@return dppa.Field a model
local function lines(base, experts, options) end

return lines
