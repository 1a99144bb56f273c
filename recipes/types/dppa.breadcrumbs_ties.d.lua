---@meta dppa.breadcrumbs_ties
-- Made from the module's own declarations: `make reference`.

---@class dppa.breadcrumbs_ties.Options
---@field density? dppa.PerExpert share of a delta to keep (from 0 to 1; default 0.9; of mergekit 1; per expert and tensor)
---@field gamma? dppa.PerExpert share of a delta's largest elements to drop (from 0 to 1; default 0.01; per expert and tensor)
---@field rescale? "none"|"inverse"|"l1"|"l2" make up for what was dropped (none, inverse, l1, l2; default none)
---@field weights? dppa.PerExpert weight of each delta (default 1; per expert and tensor)
---@field normalize? boolean divide by the weights that agree (true or false; default true; of mergekit false)
---@field vote? "weighted"|"plain"|"majority" what elects: weighted deltas; plain ones; or these, and where they cancel the sign of most elements (weighted, plain, majority; default weighted)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---Breadcrumbs with TIES: drop the largest and the smallest elements, elect signs, take the mean of what agrees.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.breadcrumbs_ties.Options
---@return dppa.Field a model
local function breadcrumbs_ties(base, experts, options) end

return breadcrumbs_ties
