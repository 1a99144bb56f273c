---@meta dppa.sobol
-- Made from the module's own declarations: `make reference`.

---@class dppa.sobol.Options
---@field dimensions integer how many numbers a point has (whole number; from 1 to 32; required)
---@field seed? integer of the shift; without one there is none (whole number; from 0 to 4294967296)

---Points that fill the unit cube evenly: Sobol's sequence, shifted by a seed.
---@param options dppa.sobol.Options
---@return function a function that gives the next point, a list of numbers from 0 up to and without 1
local function sobol(options) end

return sobol
