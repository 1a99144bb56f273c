-- expect: dppa has no '
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local a = dppa[0 / 0]
