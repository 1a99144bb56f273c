---@meta dppa.karcher
-- Made from the module's own declarations: `make reference`.

---@class dppa.karcher.Options
---@field weights? dppa.PerExpert share of each model (at least 0; default 1; per expert and tensor)
---@field max_iter? integer steps at most (whole number; from 0 to 100; default 10)
---@field tol? number a step or an angle that is as good as none (at least 0; default 1e-05)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---The mean of models on the sphere (Karcher mean), tensor by tensor, with the mean of their lengths.
---@param models dppa.Field|dppa.Field[] a model or a list of models
---@param options? dppa.karcher.Options
---@return dppa.Field a model
local function karcher(models, options) end

return karcher
