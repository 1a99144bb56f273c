-- nearswap: every element goes from the base to the expert, but no further than t.
--   dppa-run run recipes/nearswap.lua --out merged --set base=path --set expert=path/a --set t=0.001
local dppa = require "dppa.v1"
local nearswap = require "dppa.nearswap"

local base, expert = dppa.inputs { base = "zoo/base", expert = "zoo/law" }
return nearswap(base, expert, dppa.options(nearswap))
