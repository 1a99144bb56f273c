-- passthrough: one model, with scaled tensors.
--   dppa-run run recipes/passthrough.lua --out merged --set expert=path/a --set scale=1.05
local dppa = require "dppa.v1"
local passthrough = require "dppa.passthrough"

local model = dppa.inputs { expert = "zoo/law", help = { expert = "the model" } }
return passthrough(model, dppa.options(passthrough))
