---@meta dppa.search_space
-- Made from the module's own declarations: `make reference`.

local search_space = {}

---@class dppa.search_space.parameter.Options
---@field name string what its value is called (required)
---@field kind? "number"|"count" count: whole numbers (number, count; default number)
---@field min? number the smallest value
---@field max? number the largest value
---@field choices? any[] in place of a range: the values, in any order (list of values)
---@field scale? "linear"|"log" log: every doubling is as likely (linear, log; default linear)
---@field step? number what values are apart, on a grid and elsewhere (at least 1e-06)
---@field start? any the first value, or a list of them; otherwise the middle
---@field count? integer makes it a list of so many (whole number; from 1 to 1000)

---Checks one parameter of a search, and fills in what follows from what it says.
---@param options dppa.search_space.parameter.Options
---@return any a table
function search_space.parameter(options) end

return search_space
