---@meta dppa.search
-- Made from the module's own declarations: `make reference`.

---@class dppa.search.Options
---@field candidate function from a list of factors to a model (function; required)
---@field maximize function from a model to a number, and the scores behind it: dppa.objective makes one; of a grid, from lists to lists (function; required)
---@field start number[] the first factors (list of numbers; required)
---@field step? number what is added to a factor at a time (at least 1e-06; default 0.1)
---@field stop? number[] of a grid: the last factors (list of numbers)
---@field strategy? "greedy"|"grid" greedy: one factor after the other, up while it gets better (the authors' rule); grid: every combination (greedy, grid; default greedy)
---@field take? "rule"|"best" of greedy: the factors where the authors' rule ends, or those of the best candidate (rule, best; default rule)
---@field name? string of the table in the report (default search)
---@field limit? integer of candidates for one factor (whole number; at least 1; default 100)

---Finds the factors whose candidate scores best.
---@param options dppa.search.Options
---@return any a table: factors, taken, best, candidates
local function search(options) end

return search
