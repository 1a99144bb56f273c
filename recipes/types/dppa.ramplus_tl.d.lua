---@meta dppa.ramplus_tl
-- Made from the module's own declarations: `make reference`.

---@class dppa.ramplus_tl.Options
---@field r? dppa.PerTensor how much the share of shared elements enlarges (at least 0; default 0.1; per tensor)
---@field alpha? dppa.PerTensor the largest shared / unique that counts (at least 0; default 0.2; per tensor)
---@field epsilon? dppa.PerTensor an element is changed by more than this (at least 0; default 1e-05; per tensor)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---RAM+: the mean of the deltas that change an element; what one alone changes is enlarged, tensor by tensor.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.ramplus_tl.Options
---@return dppa.Field a model
local function ramplus_tl(base, experts, options) end

return ramplus_tl
