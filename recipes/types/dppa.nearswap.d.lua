---@meta dppa.nearswap
-- Made from the module's own declarations: `make reference`.

---@class dppa.nearswap.Options
---@field t? dppa.PerTensor how far an element may go (at least 0; default 0.001; per tensor)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---Every element goes from the base to the other model, but no further than t.
---@param base dppa.Field a model
---@param expert dppa.Field a model
---@param options? dppa.nearswap.Options
---@return dppa.Field a model
local function nearswap(base, expert, options) end

return nearswap
