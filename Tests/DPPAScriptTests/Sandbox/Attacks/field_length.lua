-- expect: a field has no length
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
return #x
