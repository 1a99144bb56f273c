-- LiNeS: the sum of all deltas, little of it in the first blocks and most in the last.
--   dppa-run run recipes/lines.lua --out merged --set base=path --set experts=path/a,path/b --set beta=0.4
-- Any merged delta can be scaled so: lines(base, experts, { merged = ties(base, experts) - base }).
local dppa = require "dppa.v1"
local lines = require "dppa.lines"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return lines(base, experts, dppa.options(lines))
