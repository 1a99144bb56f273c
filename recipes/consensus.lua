-- Consensus merging: of the sum of all deltas stays what at least two experts need.
--   dppa-run run recipes/consensus.lua --out merged --set base=path --set experts=path/a,path/b --set lambda=0.8
local dppa = require "dppa.v1"
local consensus = require "dppa.consensus"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return consensus(base, experts, dppa.options(consensus))
