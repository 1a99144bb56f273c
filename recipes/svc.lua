-- SVC: the sum of all deltas, each direction scaled back to what the experts have in it.
--   dppa-run run recipes/svc.lua --out merged --set base=path --set experts=path/a,path/b --set alpha=0.2
local dppa = require "dppa.v1"
local svc = require "dppa.svc"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return svc(base, experts, dppa.options(svc))
