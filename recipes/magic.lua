-- MAGIC: the sum of all deltas, every tensor as long as the experts' deltas are there on the average.
--   dppa-run run recipes/magic.lua --out merged --set base=path --set experts=path/a,path/b --set rho=1
-- Any merged delta can be calibrated so: magic(base, experts, { merged = ties(base, experts) - base }).
local dppa = require "dppa.v1"
local magic = require "dppa.magic"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return magic(base, experts, dppa.options(magic))
