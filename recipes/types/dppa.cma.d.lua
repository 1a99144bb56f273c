---@meta dppa.cma
-- Made from the module's own declarations: `make reference`.

---@class dppa.cma.Options
---@field mean number[] where it begins (list of numbers; required)
---@field deviation? number the standard deviation of the first generation (at least 1e-12; default 0.3)
---@field seed? integer of its random numbers (whole number; from 0 to 4294967296; default 0)

---CMA-ES over lists of numbers: asks for the value of points, and learns from what it is told.
---@param options dppa.cma.Options
---@return any a table of functions: ask, tell, mean, deviation
local function cma(options) end

return cma
