---@meta dppa.tall_masks
-- Made from the module's own declarations: `make reference`.

---@class dppa.tall_masks.Options
---@field threshold? dppa.PerExpert a delta is larger than this times what the merged one has besides it (at least 0; default 0.4; per expert and tensor)
---@field merged? dppa.Field the merged delta; left out: the sum (delta)

---TALL masks: where each delta is what a merged delta is made of.
---@param deltas dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.tall_masks.Options
---@return any a list of masks
local function tall_masks(deltas, options) end

return tall_masks
