---@meta dppa.della_linear
-- Made from the module's own declarations: `make reference`.

---@class dppa.della_linear.Options
---@field density? dppa.PerExpert share of a delta to keep (from 0 to 1; default 0.7; of mergekit 1; per expert and tensor)
---@field epsilon? dppa.PerExpert how far the probability of a row's ends is from density; less where 0 or 1 is nearer (from 0 to 1; default 0.07; of mergekit 0.15; per expert and tensor)
---@field rescale? "none"|"inverse"|"l1"|"l2" make up for what was dropped (none, inverse, l1, l2; default inverse; of mergekit l1)
---@field seed? integer seed of the random masks (whole number; at least 0; default 0)
---@field weights? dppa.PerExpert weight of each delta (default 1; per expert and tensor)
---@field normalize? boolean divide by the sum of the weights (true or false; default false)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---DELLA without elected signs: drop by rank at random, divide by the probability, add the rest to the base.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.della_linear.Options
---@return dppa.Field a model
local function della_linear(base, experts, options) end

return della_linear
