---@meta dppa.rescale
-- Made from the module's own declarations: `make reference`.

---Makes up for dropped elements of a delta.
---@param pruned dppa.Field a delta
---@param delta dppa.Field a delta
---@param density dppa.PerTensor a number, from 0 to 1
---@param how? "none"|"inverse"|"l1"|"l2" one of none, inverse, l1, l2
---@return dppa.Field a delta
local function rescale(pruned, delta, density, how) end

return rescale
