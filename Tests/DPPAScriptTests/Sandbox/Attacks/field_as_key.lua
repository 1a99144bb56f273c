-- expect: ok
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local t = { [x] = 1 } assert(t[x] == 1 and t[x + 1] == nil)
