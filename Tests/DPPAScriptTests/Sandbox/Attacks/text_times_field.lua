-- expect: argument 1
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local y = "2" * x
