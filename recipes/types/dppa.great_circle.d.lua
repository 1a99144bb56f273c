---@meta dppa.great_circle
-- Made from the module's own declarations: `make reference`.

---@class dppa.great_circle.Options
---@field scope? "tensor"|"row"|"column" what is a vector (tensor, row, column; default tensor)
---@field cosine? dppa.Field cosθ, where it is not the quotient of dot product and norms
---@field straight? number from which |cosθ| on the way is straight (from 0 to 1; default 0.9995)

---From one vector to another along the great circle.
---@param a dppa.Field a field
---@param c dppa.Field a field
---@param t dppa.PerTensor a number: how far
---@param options? dppa.great_circle.Options
---@return dppa.Field a value, or a delta between deltas
local function great_circle(a, c, t, options) end

return great_circle
