-- Iso-C: the sum of all deltas with equally strong directions.
--   dppa-run run recipes/iso_c.lua --out merged --set base=path --set experts=path/a,path/b --set lambda=1.3
local dppa = require "dppa.v1"
local iso_c = require "dppa.iso_c"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return iso_c(base, experts, dppa.options(iso_c))
