---@meta dppa.line_search
-- Made from the module's own declarations: `make reference`.

---@class dppa.line_search.Options
---@field start number[] where it begins (list of numbers; from 0 to 1; required)
---@field step? number the first step of each coordinate (from 0.001 to 1; default 0.25)

---A search along one coordinate of the unit cube after the other, with steps that are halved.
---@param options dppa.line_search.Options
---@return any a table of functions: ask, tell
local function line_search(options) end

return line_search
