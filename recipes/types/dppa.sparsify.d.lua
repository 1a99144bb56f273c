---@meta dppa.sparsify
-- Made from the module's own declarations: `make reference`.

local sparsify = {}

---@class dppa.sparsify.magnitude.Options
---@field density? dppa.PerTensor share of a delta to keep (from 0 to 1; default 0.2; per tensor)
---@field scope? "tensor"|"model" what keeps its share: each tensor, or the model as one, so that tensors differ in theirs (tensor, model; default tensor)
---@field rescale? "none"|"inverse"|"l1"|"l2" make up for what was dropped (none, inverse, l1, l2; default none)

---Keeps the largest elements of each tensor, or of the model.
---@param delta dppa.Field a delta
---@param options? dppa.sparsify.magnitude.Options
---@return dppa.Field a delta
function sparsify.magnitude(delta, options) end

---@class dppa.sparsify.random.Options
---@field density? dppa.PerTensor probability of each element to stay (from 0 to 1; default 0.2; per tensor)
---@field rescale? "none"|"inverse"|"l1"|"l2" make up for what was dropped (none, inverse, l1, l2; default inverse)
---@field q? dppa.PerTensor what is kept is divided by this in place of the share that is kept (from 1e-06 to 1; per tensor)
---@field seed? integer seed of the random masks (whole number; at least 0; default 0)

---Keeps a random share of each tensor.
---@param delta dppa.Field a delta
---@param options? dppa.sparsify.random.Options
---@return dppa.Field a delta
function sparsify.random(delta, options) end

---@class dppa.sparsify.magprune.Options
---@field density? dppa.PerTensor share of a delta to keep (from 0 to 1; default 0.7; per tensor)
---@field epsilon? dppa.PerTensor how far the probability of a row's ends is from density; less where 0 or 1 is nearer (from 0 to 1; default 0.07; per tensor)
---@field rescale? "none"|"inverse"|"l1"|"l2" make up for what was dropped (none, inverse, l1, l2; default inverse)
---@field seed? integer seed of the random masks (whole number; at least 0; default 0)

---Keeps a random share of each row, its larger elements more often.
---@param delta dppa.Field a delta
---@param options? dppa.sparsify.magprune.Options
---@return dppa.Field a delta
function sparsify.magprune(delta, options) end

---@class dppa.sparsify.breadcrumbs.Options
---@field density? dppa.PerTensor share of a delta to keep (from 0 to 1; default 0.9; per tensor)
---@field gamma? dppa.PerTensor share of a delta's largest elements to drop (from 0 to 1; default 0.01; per tensor)
---@field rescale? "none"|"inverse"|"l1"|"l2" make up for what was dropped (none, inverse, l1, l2; default none)

---Drops the largest and the smallest elements of each tensor.
---@param delta dppa.Field a delta
---@param options? dppa.sparsify.breadcrumbs.Options
---@return dppa.Field a delta
function sparsify.breadcrumbs(delta, options) end

return sparsify
