-- DELLA without elected signs: drop small elements of every delta more often, make up for it, add the rest.
--   dppa-run run recipes/della_linear.lua --out merged --set base=path --set experts=path/a,path/b --set density=0.7
local dppa = require "dppa.v1"
local della_linear = require "dppa.della_linear"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return della_linear(base, experts, dppa.options(della_linear, { lambda = 0.6 }))
