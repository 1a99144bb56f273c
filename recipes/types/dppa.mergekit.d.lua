---@meta dppa.mergekit
-- Made from the module's own declarations: `make reference`.

local mergekit = {}

---@class dppa.mergekit.round.Options
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---Elements as mergekit's working type holds them after a step.
---@param x dppa.Field a field
---@param options? dppa.mergekit.round.Options
---@return any the same kind of field
function mergekit.round(x, options) end

return mergekit
