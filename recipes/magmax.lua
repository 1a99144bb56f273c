-- MagMax: every element is that of the delta which is largest there.
--   dppa-run run recipes/magmax.lua --out merged --set base=path --set experts=path/a,path/b --set lambda=0.5
local dppa = require "dppa.v1"
local magmax = require "dppa.magmax"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return magmax(base, experts, dppa.options(magmax))
