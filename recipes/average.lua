-- The weighted mean of models.
--   dppa-run run recipes/average.lua --out merged --set experts=path/a,path/b --set weights=0.7,0.3
local dppa = require "dppa.v1"
local average = require "dppa.average"

local models = dppa.inputs { experts = { "zoo/math", "zoo/finance", "zoo/law" }, help = { experts = "the models, comma separated" } }
return average(models, dppa.options(average))
