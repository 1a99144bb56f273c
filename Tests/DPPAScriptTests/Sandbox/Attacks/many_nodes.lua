-- expect: different nodes
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors" for i = 1, 200000 do x = x + i end
