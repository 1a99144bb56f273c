-- Iso-CTS: equally strong directions, most of the sum of deltas, some of each expert alone.
--   dppa-run run recipes/iso_cts.lua --out merged --set base=path --set experts=path/a,path/b --set common=0.6
local dppa = require "dppa.v1"
local iso_cts = require "dppa.iso_cts"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return iso_cts(base, experts, dppa.options(iso_cts))
