-- expect: error was called with a userdata
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
error(x)
