---@meta dppa.random
-- Made from the module's own declarations: `make reference`.

---@class dppa.random.Options
---@field seed? integer another one gives other numbers (whole number; from 0 to 4294967296; default 0)

---A stream of random numbers: the same for a seed, every time and everywhere.
---@param options? dppa.random.Options
---@return any a table of functions: bits, uniform, normal
local function random(options) end

return random
