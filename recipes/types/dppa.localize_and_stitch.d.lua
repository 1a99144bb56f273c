---@meta dppa.localize_and_stitch
-- Made from the module's own declarations: `make reference`.

---@class dppa.localize_and_stitch.Options
---@field density? dppa.PerExpert share of a delta to keep (from 0 to 1; default 0.05; per expert)
---@field outside? "drop"|"localize" what becomes of changes outside blocks: embeddings, final norm, head (drop, localize; default drop)

---Localize-and-Stitch: the largest elements of each delta over the whole model, and their mean where they meet.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.localize_and_stitch.Options
---@return dppa.Field a model
local function localize_and_stitch(base, experts, options) end

return localize_and_stitch
