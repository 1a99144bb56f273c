-- Arcee Fusion: the changes of an expert that stand out go into the base.
--   dppa-run run recipes/arcee_fusion.lua --out merged --set base=path --set expert=path/a
local dppa = require "dppa.v1"
local arcee_fusion = require "dppa.arcee_fusion"

local base, expert = dppa.inputs { base = "zoo/base", expert = "zoo/law" }
return arcee_fusion(base, expert, dppa.options(arcee_fusion))
