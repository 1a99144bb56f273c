-- RAM: every element is the mean of the deltas that change it.
--   dppa-run run recipes/ram.lua --out merged --set base=path --set experts=path/a,path/b
local dppa = require "dppa.v1"
local ram = require "dppa.ram"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return ram(base, experts, dppa.options(ram))
