-- Karcher mean: the mean of models on the sphere, tensor by tensor.
--   dppa-run run recipes/karcher.lua --out merged --set experts=path/a,path/b,path/c
local dppa = require "dppa.v1"
local karcher = require "dppa.karcher"

local models = dppa.inputs { experts = { "zoo/math", "zoo/finance", "zoo/law" }, help = { experts = "the models, comma separated" } }
return karcher(models, dppa.options(karcher))
