-- expect: the left side must be a field or a number
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local y = "2" * x
