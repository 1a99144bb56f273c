-- Breadcrumbs with TIES: drop the largest and the smallest elements, elect signs, average what agrees.
--   dppa-run run recipes/breadcrumbs_ties.lua --out merged --set base=path --set experts=path/a,path/b --set density=0.9
local dppa = require "dppa.v1"
local breadcrumbs_ties = require "dppa.breadcrumbs_ties"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return breadcrumbs_ties(base, experts, dppa.options(breadcrumbs_ties))
