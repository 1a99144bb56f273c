-- Breadcrumbs: drop the largest and the smallest elements of every delta, add the rest.
--   dppa-run run recipes/breadcrumbs.lua --out merged --set base=path --set experts=path/a,path/b --set density=0.9 --set gamma=0.01
local dppa = require "dppa.v1"
local breadcrumbs = require "dppa.breadcrumbs"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return breadcrumbs(base, experts, dppa.options(breadcrumbs, { lambda = 0.6 }))
