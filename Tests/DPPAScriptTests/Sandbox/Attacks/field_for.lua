-- expect: a field is no function
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
for a in x do end
