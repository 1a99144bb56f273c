-- DELLA: drop small elements of every delta more often, make up for it, elect signs, average what agrees.
--   dppa-run run recipes/della.lua --out merged --set base=path --set experts=path/a,path/b --set density=0.7 --seed 1
local dppa = require "dppa.v1"
local della = require "dppa.della"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return della(base, experts, dppa.options(della))
