-- NuSLERP: the weighted mean of two experts' deltas along the great circle between them.
--   dppa-run run recipes/nuslerp.lua --out merged --set base=path --set experts=path/a,path/b --set weights=0.7,0.3
local dppa = require "dppa.v1"
local nuslerp = require "dppa.nuslerp"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/law" } }
return nuslerp(base, experts, dppa.options(nuslerp))
