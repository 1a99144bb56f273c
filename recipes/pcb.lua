-- PCB-Merging: the mean of all deltas, weighted element by element by how much they stand out and agree.
--   dppa-run run recipes/pcb.lua --out merged --set base=path --set experts=path/a,path/b --set density=0.1 --set lambda=1.4
local dppa = require "dppa.v1"
local pcb = require "dppa.pcb"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return pcb(base, experts, dppa.options(pcb))
