---@meta dppa.fisher
-- Made from the module's own declarations: `make reference`.

---@class dppa.fisher.Options
---@field importance dppa.Field[] for each model values of its tensors' names, none below 0: dppa.tensors(path) (list of fields; required)
---@field weights? dppa.PerExpert share of each model (at least 0; default 1; per expert and tensor)
---@field normalize? boolean whether each model's importance is divided by its norm (true or false; default false)
---@field uncovered? "refuse"|"mean" tensors without importance are an error, or have the mean of the models (refuse, mean; default refuse)

---Fisher merging: the mean of models, every element weighted by its importance, which files give.
---@param models dppa.Field|dppa.Field[] a model or a list of models
---@param options dppa.fisher.Options
---@return dppa.Field a model
local function fisher(models, options) end

return fisher
