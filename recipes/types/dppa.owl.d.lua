---@meta dppa.owl
-- Made from the module's own declarations: `make reference`.

---@class dppa.owl.Options
---@field sparsity? number share that goes, on the average over the layers (from 0 to 1; default 0.7)
---@field multiple? number an outlier is this many times the mean score of its layer (at least 0; default 5)
---@field lambda? number half of how far densities are apart at most (from 0 to 1; default 0.08)
---@field schedule? "layerwise"|"dense" what inputs a block is pruned by: those behind the pruned blocks before it, or those of the model as it was (layerwise, dense; default layerwise)
---@field samples? integer how many lines of the text are read (whole number; at least 1; default 128)
---@field length? integer how many tokens of a line at most (whole number; at least 1; default 2048)

---OWL: Wanda with a sparsity of each layer by its outliers.
---@param model dppa.Field a model
---@param data string a path
---@param options? dppa.owl.Options
---@return dppa.Field a pruned model
local function owl(model, data, options) end

return owl
