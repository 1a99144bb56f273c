-- The weighted mean of models.
--   dppa-run run recipes/average.lua --out merged --set experts=path/a,path/b --set weights=0.7,0.3
local dppa = require "dppa.v1"
local average = require "dppa.average"

local models = dppa.models(dppa.option {
  name = "experts", default = { "zoo/math", "zoo/finance", "zoo/law" }, help = "the models, comma separated",
})

return average(models, {
  weights = dppa.option { name = "weights", default = {}, help = "one for each model; nothing for equal weights" },
})
