---@meta dppa.pcb
-- Made from the module's own declarations: `make reference`.

---@class dppa.pcb.Options
---@field density? dppa.PerExpert share of a delta that has a weight (from 0 to 1; default 0.1; per expert)
---@field clip? number share of the largest and of the smallest sizes to cut (from 0 to 0.5; default 0.0001)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)

---PCB-Merging: the mean of deltas, weighted element by element by how much they stand out and agree.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.pcb.Options
---@return dppa.Field a model
local function pcb(base, experts, options) end

return pcb
