-- expect: variable
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local y <close> = x
