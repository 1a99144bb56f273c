---@meta dppa.dsnot
-- Made from the module's own declarations: `make reference`.

---@class dppa.dsnot.Options
---@field sparsity? dppa.PerTensor share of a linear that goes (from 0 to 1; default 0.5; per tensor)
---@field rounds? integer how many elements of a row change places at most (whole number; at least 0; default 50)
---@field threshold? number the error of a row that may stay (at least 0; default 0.1)
---@field mlp? boolean whether linears of MLPs are repaired too (true or false; default false)
---@field schedule? "layerwise"|"dense" what inputs a block is pruned by: those behind the pruned blocks before it, or those of the model as it was (layerwise, dense; default layerwise)
---@field samples? integer how many lines of the text are read (whole number; at least 1; default 128)
---@field length? integer how many tokens of a line at most (whole number; at least 1; default 2048)

---DSnoT: Wanda's masks repaired row by row, so that what goes adds up to little on the text.
---@param model dppa.Field a model
---@param data string a path
---@param options? dppa.dsnot.Options
---@return dppa.Field a pruned model
local function dsnot(model, data, options) end

return dsnot
