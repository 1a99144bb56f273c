-- expect: invalid value (userdata) at index 1
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
table.concat { x }
