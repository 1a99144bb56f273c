-- expect: attempt to perform bitwise operation
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
return x << 2
