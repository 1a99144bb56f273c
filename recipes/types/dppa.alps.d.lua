---@meta dppa.alps
-- Made from the module's own declarations: `make reference`.

---@class dppa.alps.Options
---@field sparsity? dppa.PerTensor share of a linear that goes (from 0 to 1; default 0.5; per tensor)
---@field keep? integer how many of each group of consecutive inputs stay, as 2 of 4; 0: sparsity says what goes (whole number; at least 0; default 0)
---@field group? integer the inputs of a group (whole number; at least 1; default 4)
---@field rho? number the first penalty (at least 1e-06; default 0.1)
---@field rounds? integer how many rounds at most (whole number; from 1 to 10000; default 300)
---@field damp? number what is added to the diagonal of the covariance, times its mean (at least 0; default 0.01)
---@field schedule? "layerwise"|"dense" what inputs a block is pruned by: those behind the pruned blocks before it, or those of the model as it was (layerwise, dense; default layerwise)
---@field samples? integer how many lines of the text are read (whole number; at least 1; default 128)
---@field length? integer how many tokens of a line at most (whole number; at least 1; default 2048)

---ALPS: linears with few weights whose outputs are nearest to the model's own, by many rounds for each.
---@param model dppa.Field a model
---@param data string a path
---@param options? dppa.alps.Options
---@return dppa.Field a pruned model
local function alps(model, data, options) end

return alps
