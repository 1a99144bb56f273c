---@meta dppa.dpa
-- Made from the module's own declarations: `make reference`.

---@class dppa.dpa.Options
---@field rates? number[] pruning rates, falling numbers and no fields: the partitions between them are amplified (list of numbers; from 0 to 1; default 0.9,0.8)
---@field combine? "max"|"assign" the authors' program, or the paper's text (max, assign; default max)
---@field method? "dp"|"owl"|"magnitude"|"uniform" dp, or what it is compared with (dp, owl, magnitude, uniform; default dp)
---@field level? "both"|"layer"|"linear" what gets a density of its own (both, layer, linear; default both)
---@field lambda? dppa.PerTensor largest shift of a density at either level (from 0 to 1; default 0.08; per tensor)
---@field layer_multiple? number an outlier of a layer is this many times its mean (at least 0; default 3)
---@field linear_multiple? number an outlier of a linear is this many times its mean (at least 0; default 5)
---@field scaling? "max_abs"|"min_max" of owl: the authors', or OWL's own (max_abs, min_max; default max_abs)
---@field compat? "exact"|"reference" reference: the authors' masks bit by bit (exact, reference; default exact)
---@field rest? "keep"|"drop"|"magnitude" what becomes of tensors that are no linears (keep, drop, magnitude; default keep)
---@field seed? integer of uniform (whole number; at least 0; default 0)
---@field label? string goes before the names in the report

---Splits what DP keeps of a delta into partitions, each to be amplified by a factor of its own.
---@param delta dppa.Field a delta
---@param options? dppa.dpa.Options
---@return function a function from factors, one for each rate, to the amplified delta
local function dpa(delta, options) end

return dpa
