-- TSV-Merge: the strongest directions of each expert, made orthogonal to each other.
--   dppa-run run recipes/tsv.lua --out merged --set base=path --set experts=path/a,path/b --set lambda=0.8
local dppa = require "dppa.v1"
local tsv = require "dppa.tsv"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return tsv(base, experts, dppa.options(tsv))
