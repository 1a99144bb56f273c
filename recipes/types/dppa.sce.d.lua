---@meta dppa.sce
-- Made from the module's own declarations: `make reference`.

---@class dppa.sce.Options
---@field select_topk? dppa.PerTensor share of the elements in which deltas differ that is merged; 1: of all (from 0 to 1; default 1; per tensor)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---SCE: select the elements in which deltas differ, weight deltas by their energy, erase what disagrees.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.sce.Options
---@return dppa.Field a model
local function sce(base, experts, options) end

return sce
