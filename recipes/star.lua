-- STAR: the mean of deltas without their weak directions.
--   dppa-run run recipes/star.lua --out merged --set base=path --set experts=path/a,path/b --set eta=0.5
local dppa = require "dppa.v1"
local star = require "dppa.star"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return star(base, experts, dppa.options(star))
