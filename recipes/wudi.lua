-- WUDI: the delta that is least in the way of all experts.
--   dppa-run run recipes/wudi.lua --out merged --set base=path --set experts=path/a,path/b --set solver=exact
local dppa = require "dppa.v1"
local wudi = require "dppa.wudi"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return wudi(base, experts, dppa.options(wudi))
