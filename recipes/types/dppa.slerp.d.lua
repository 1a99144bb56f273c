---@meta dppa.slerp
-- Made from the module's own declarations: `make reference`.

---@class dppa.slerp.Options
---@field t? dppa.PerTensor how far to go (from 0 to 1; default 0.5; per tensor)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---From one model to another along the great circle, tensor by tensor.
---@param first dppa.Field a model
---@param second dppa.Field a model
---@param options? dppa.slerp.Options
---@return dppa.Field a model
local function slerp(first, second, options) end

return slerp
