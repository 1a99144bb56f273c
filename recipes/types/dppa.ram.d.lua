---@meta dppa.ram
-- Made from the module's own declarations: `make reference`.

---@class dppa.ram.Options
---@field epsilon? dppa.PerTensor an element is changed by more than this (at least 0; default 1e-05; per tensor)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---RAM: every element is the mean of the deltas that change it.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.ram.Options
---@return dppa.Field a model
local function ram(base, experts, options) end

return ram
