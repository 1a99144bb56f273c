---@meta dppa.passthrough
-- Made from the module's own declarations: `make reference`.

---@class dppa.passthrough.Options
---@field scale? dppa.PerTensor factor of each tensor (default 1; per tensor)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---One model as it is, or with scaled tensors.
---@param model dppa.Field a model
---@param options? dppa.passthrough.Options
---@return dppa.Field a model
local function passthrough(model, options) end

return passthrough
