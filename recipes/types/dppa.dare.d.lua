---@meta dppa.dare
-- Made from the module's own declarations: `make reference`.

---@class dppa.dare.Options
---@field rate? dppa.PerExpert share of each delta to drop (from 0 to 1; default 0.8; of mergekit 0; per expert and tensor)
---@field rescale? "none"|"inverse"|"l1"|"l2" make up for what was dropped (none, inverse, l1, l2; default inverse; of mergekit l1)
---@field q? dppa.PerExpert what is kept is divided by this in place of the share that is kept (from 1e-06 to 1; per expert and tensor)
---@field seed? integer seed of the random masks (whole number; at least 0; default 0)
---@field weights? dppa.PerExpert weight of each delta (default 1; per expert and tensor)
---@field normalize? boolean divide by the sum of the weights (true or false; default false)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---DARE: drop a random share of each delta, make up for it, add the rest to the base.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.dare.Options
---@return dppa.Field a model
local function dare(base, experts, options) end

return dare
