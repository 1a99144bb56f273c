-- expect: a field cannot be changed
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
x.y = 1
