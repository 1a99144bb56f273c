---@meta dppa.breadcrumbs
-- Made from the module's own declarations: `make reference`.

---@class dppa.breadcrumbs.Options
---@field density? dppa.PerExpert share of a delta to keep (from 0 to 1; default 0.9; of mergekit 1; per expert and tensor)
---@field gamma? dppa.PerExpert share of a delta's largest elements to drop (from 0 to 1; default 0.01; per expert and tensor)
---@field rescale? "none"|"inverse"|"l1"|"l2" make up for what was dropped (none, inverse, l1, l2; default none)
---@field weights? dppa.PerExpert weight of each delta (default 1; per expert and tensor)
---@field normalize? boolean divide by the sum of the weights (true or false; default false)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---Model breadcrumbs: drop the largest and the smallest elements of each delta, add the rest to the base.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.breadcrumbs.Options
---@return dppa.Field a model
local function breadcrumbs(base, experts, options) end

return breadcrumbs
