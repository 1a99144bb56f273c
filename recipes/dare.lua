-- DARE: drop a random share of every delta, make up for it, add the rest.
--   dppa-run run recipes/dare.lua --out merged --set base=path --set experts=path/a,path/b --set rate=0.8 --seed 1
local dppa = require "dppa.v1"
local dare = require "dppa.dare"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return dare(base, experts, dppa.options(dare, { lambda = 0.6 }))
