-- Localize-and-Stitch: the largest changes of each expert over the whole model, and their mean where they meet.
--   dppa-run run recipes/localize_and_stitch.lua --out merged --set base=path --set experts=path/a,path/b --set density=0.1
local dppa = require "dppa.v1"
local localize_and_stitch = require "dppa.localize_and_stitch"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return localize_and_stitch(base, experts, dppa.options(localize_and_stitch))
