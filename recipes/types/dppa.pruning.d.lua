---@meta dppa.pruning
-- Made from the module's own declarations: `make reference`.

local pruning = {}

---@class dppa.pruning.prune.Options
---@field rule function from weights, outputs x inputs, and activations to weights (function; required)
---@field covariance? boolean whether the rule needs the covariance of the inputs (true or false; default false)
---@field schedule? "layerwise"|"dense" what inputs a block is pruned by: those behind the pruned blocks before it, or those of the model as it was (layerwise, dense; default layerwise)
---@field samples? integer how many lines of the text are read (whole number; at least 1; default 128)
---@field length? integer how many tokens of a line at most (whole number; at least 1; default 2048)

---A model whose linears are what a rule makes of them and of what goes into them.
---@param model dppa.Field a model
---@param data string a path
---@param options dppa.pruning.prune.Options
---@return dppa.Field a pruned model
function pruning.prune(model, data, options) end

return pruning
