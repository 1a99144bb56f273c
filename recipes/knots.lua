-- KnOTS: deltas merged by TIES in the directions that they share.
--   dppa-run run recipes/knots.lua --out merged --set base=path --set experts=path/a,path/b --set density=0.3
local dppa = require "dppa.v1"
local knots = require "dppa.knots"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return knots(base, experts, dppa.options(knots))
