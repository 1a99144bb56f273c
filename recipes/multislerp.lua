-- multislerp: the weighted mean direction of the experts' deltas, with the mean of their lengths.
--   dppa-run run recipes/multislerp.lua --out merged --set base=path --set experts=path/a,path/b --set weights=0.7,0.3
local dppa = require "dppa.v1"
local multislerp = require "dppa.multislerp"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return multislerp(base, experts, dppa.options(multislerp))
