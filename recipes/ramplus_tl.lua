-- RAM+: every element is the mean of the deltas that change it; what one alone changes is enlarged.
--   dppa-run run recipes/ramplus_tl.lua --out merged --set base=path --set experts=path/a,path/b --set r=0.1
local dppa = require "dppa.v1"
local ramplus_tl = require "dppa.ramplus_tl"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return ramplus_tl(base, experts, dppa.options(ramplus_tl))
