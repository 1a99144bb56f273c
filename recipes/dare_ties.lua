-- DARE with TIES: drop a random share of every delta, make up for it, elect signs, average what agrees.
--   dppa-run run recipes/dare_ties.lua --out merged --set base=path --set experts=path/a,path/b --set rate=0.8 --seed 1
local dppa = require "dppa.v1"
local dare_ties = require "dppa.dare_ties"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return dare_ties(base, experts, dppa.options(dare_ties))
