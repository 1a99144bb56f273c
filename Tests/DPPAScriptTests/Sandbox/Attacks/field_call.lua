-- expect: a field is no function
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
x(1)
