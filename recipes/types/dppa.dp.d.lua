---@meta dppa.dp
-- Made from the module's own declarations: `make reference`.

local dp = {}

---@class dppa.dp.schedule.Options
---@field rate? dppa.PerTensor share of the delta to drop (from 0 to 1; default 0.9; per tensor)
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

---The shift of each linear's density: it does not depend on the rate.
---@param linears dppa.Field a delta
---@param options? dppa.dp.schedule.Options
---@return dppa.Field a value per tensor
function dp.schedule(linears, options) end

---@class dppa.dp.keep.Options
---@field rate? dppa.PerTensor share of the delta to drop (from 0 to 1; default 0.9; per tensor)
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

---The mask of what each linear keeps.
---@param linears dppa.Field a delta
---@param options? dppa.dp.keep.Options
---@return dppa.Field a mask per element
function dp.keep(linears, options) end

---@class dppa.dp.prune.Options
---@field rate? dppa.PerTensor share of the delta to drop (from 0 to 1; default 0.9; per tensor)
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

---A delta of which each linear keeps its share.
---@param delta dppa.Field a delta
---@param options? dppa.dp.prune.Options
---@return dppa.Field a delta
function dp.prune(delta, options) end

---@class dppa.dp.rest.Options
---@field rate? dppa.PerTensor share of the delta to drop (from 0 to 1; default 0.9; per tensor)
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

---What becomes of tensors that are no linears: keep, drop, or a rule.
---@param options? dppa.dp.rest.Options
---@return any what apply takes
function dp.rest(options) end

---How much of a delta is in linears: a share of its elements, and two counts of tensors.
---@param delta dppa.Field a delta
---@return any the share, how many tensors are linears, and how many there are
function dp.eligible(delta) end

return dp
