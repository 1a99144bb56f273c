---@meta dppa.della
-- Made from the module's own declarations: `make reference`.

---@class dppa.della.Options
---@field density? dppa.PerExpert share of a delta to keep (from 0 to 1; default 0.7; of mergekit 1; per expert and tensor)
---@field epsilon? dppa.PerExpert how far the probability of a row's ends is from density; less where 0 or 1 is nearer (from 0 to 1; default 0.07; of mergekit 0.15; per expert and tensor)
---@field rescale? "none"|"inverse"|"l1"|"l2" make up for what was dropped (none, inverse, l1, l2; default inverse; of mergekit l1)
---@field seed? integer seed of the random masks (whole number; at least 0; default 0)
---@field weights? dppa.PerExpert weight of each delta (default 1; per expert and tensor)
---@field normalize? boolean divide by the weights that agree (true or false; default true)
---@field vote? "weighted"|"plain"|"majority" what elects: weighted deltas; plain ones; or these, and where they cancel the sign of most elements (weighted, plain, majority; default weighted)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---DELLA: drop by rank at random, divide by the probability, elect signs, take the mean of what agrees.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.della.Options
---@return dppa.Field a model
local function della(base, experts, options) end

return della
