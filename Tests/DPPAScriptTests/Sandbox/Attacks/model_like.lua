-- expect: must be a model that was opened
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
dppa.model("side.safetensors", { like = x + 1 })
