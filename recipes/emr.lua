-- EMR as one model: the elected sign of every element, and the largest size that has it.
--   dppa-run run recipes/emr.lua --out merged --set base=path --set experts=path/a,path/b --set lambda=0.8
local dppa = require "dppa.v1"
local emr = require "dppa.emr"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return emr(base, experts, dppa.options(emr))
