---@meta dppa.arcee_fusion
-- Made from the module's own declarations: `make reference`.

---@class dppa.arcee_fusion.Options
---@field spread? dppa.PerTensor quartile ranges above the median that a change must lie (at least 0; default 1.5; per tensor)
---@field compat? "none"|"mergekit"|"mergekit_bf16" whose numbers: mergekit's, with its defaults, in float32 or rounded to bfloat16 at every step (none, mergekit, mergekit_bf16; default none)

---Arcee Fusion: the changes of an expert that stand out in size and in the divergence of their row go into the base.
---@param base dppa.Field a model
---@param expert dppa.Field a model
---@param options? dppa.arcee_fusion.Options
---@return dppa.Field a model
local function arcee_fusion(base, expert, options) end

return arcee_fusion
