-- expect: 'for' initial value must be a number
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
for a = x, 2 do end
