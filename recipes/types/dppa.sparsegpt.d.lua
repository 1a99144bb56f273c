---@meta dppa.sparsegpt
-- Made from the module's own declarations: `make reference`.

---@class dppa.sparsegpt.Options
---@field sparsity? dppa.PerTensor share of a linear that goes (from 0 to 1; default 0.5; per tensor)
---@field keep? integer how many of each group of consecutive inputs stay, as 2 of 4; 0: sparsity says what goes (whole number; at least 0; default 0)
---@field group? integer the inputs of a group (whole number; at least 1; default 4)
---@field block? integer how many inputs have their mask together (whole number; at least 1; default 128)
---@field damp? number what is added to the diagonal of the covariance, times its mean (at least 0; default 0.01)
---@field schedule? "layerwise"|"dense" what inputs a block is pruned by: those behind the pruned blocks before it, or those of the model as it was (layerwise, dense; default layerwise)
---@field samples? integer how many lines of the text are read (whole number; at least 1; default 128)
---@field length? integer how many tokens of a line at most (whole number; at least 1; default 2048)

---SparseGPT: prunes linears input by input, and changes what stays so that outputs change least.
---@param model dppa.Field a model
---@param data string a path
---@param options? dppa.sparsegpt.Options
---@return dppa.Field a pruned model
local function sparsegpt(model, data, options) end

return sparsegpt
