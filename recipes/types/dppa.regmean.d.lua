---@meta dppa.regmean
-- Made from the module's own declarations: `make reference`.

---@class dppa.regmean.Options
---@field scale? number factor of the covariance off its diagonal; the papers take 0.9 (T5), 0.5 (language models), 0.1 (RegMean++) (from 0 to 1; default 0.9)
---@field schedule? "dense"|"layerwise" RegMean, or RegMean++ (dense, layerwise; default dense)
---@field ridge? number what is added to the sum of covariances, times the mean of its diagonal (at least 0; default 0)
---@field tolerance? number directions whose variance is at most this times the largest have the mean of the models (from 0 to 1; default 1e-06)
---@field samples? integer how many lines of the text are read (whole number; at least 1; default 128)
---@field length? integer how many tokens of a line at most (whole number; at least 1; default 2048)

---RegMean and RegMean++: linears whose outputs are nearest to every model's on its own text; the mean of all else.
---@param models dppa.Field|dppa.Field[] a model or a list of models
---@param data string[] a list of paths
---@param options? dppa.regmean.Options
---@return dppa.Field a merged model
local function regmean(models, data, options) end

return regmean
