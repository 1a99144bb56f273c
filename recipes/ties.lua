-- TIES: trim every delta to its largest elements, elect signs, average what agrees.
--   dppa-run run recipes/ties.lua --out merged --set base=path --set experts=path/a,path/b --set density=0.2
local dppa = require "dppa.v1"
local ties = require "dppa.ties"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return ties(base, experts, dppa.options(ties))
