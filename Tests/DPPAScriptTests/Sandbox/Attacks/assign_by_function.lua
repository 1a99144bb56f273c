-- expect: dppa.function cannot be changed
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
dppa[print] = 1
