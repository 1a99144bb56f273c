-- SCE: of the elements in which the deltas differ most, the mean by energy of what agrees.
--   dppa-run run recipes/sce.lua --out merged --set base=path --set experts=path/a,path/b --set select_topk=0.5
local dppa = require "dppa.v1"
local sce = require "dppa.sce"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return sce(base, experts, dppa.options(sce))
