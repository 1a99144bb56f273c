-- Model Stock: the mean of the experts, drawn towards the base by the angle between their deltas.
--   dppa-run run recipes/model_stock.lua --out merged --set base=path --set experts=path/a,path/b
local dppa = require "dppa.v1"
local model_stock = require "dppa.model_stock"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return model_stock(base, experts, dppa.options(model_stock))
