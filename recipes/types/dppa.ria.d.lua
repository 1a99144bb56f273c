---@meta dppa.ria
-- Made from the module's own declarations: `make reference`.

---@class dppa.ria.Options
---@field sparsity? dppa.PerTensor share of a linear that goes (from 0 to 1; default 0.5; per tensor)
---@field alpha? number power of the norms of inputs; 0: they do not count (at least 0; default 0.5)
---@field over? "tensor"|"row" what scores are compared over (tensor, row; default tensor)
---@field keep? integer how many of each group of consecutive inputs stay, as 2 of 4; 0: sparsity says what goes (whole number; at least 0; default 0)
---@field group? integer the inputs of a group (whole number; at least 1; default 4)
---@field schedule? "layerwise"|"dense" what inputs a block is pruned by: those behind the pruned blocks before it, or those of the model as it was (layerwise, dense; default layerwise)
---@field samples? integer how many lines of the text are read (whole number; at least 1; default 128)
---@field length? integer how many tokens of a line at most (whole number; at least 1; default 2048)

---RIA: prunes linears by the shares of weights in their rows and columns times the norms of their inputs.
---@param model dppa.Field a model
---@param data string a path
---@param options? dppa.ria.Options
---@return dppa.Field a pruned model
local function ria(model, data, options) end

return ria
