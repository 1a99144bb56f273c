---@meta dppa.strategies
-- Made from the module's own declarations: `make reference`.

local strategies = {}

---@class dppa.strategies.rungs.Options
---@field count integer how many there are (whole number; at least 1; required)
---@field shares number[] growing, the last is 1 (list of numbers; from 0 to 1; required)

---Successive halving: how many of some candidates are asked each share of the questions, and what that costs.
---@param options dppa.strategies.rungs.Options
---@return any a list of counts, and the cost in candidates that are asked everything
function strategies.rungs(options) end

return strategies
