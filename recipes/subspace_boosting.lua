-- Subspace Boosting: the sum of all deltas with its weak directions raised.
--   dppa-run run recipes/subspace_boosting.lua --out merged --set base=path --set experts=path/a,path/b --set lambda=0.5
local dppa = require "dppa.v1"
local subspace_boosting = require "dppa.subspace_boosting"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return subspace_boosting(base, experts, dppa.options(subspace_boosting))
