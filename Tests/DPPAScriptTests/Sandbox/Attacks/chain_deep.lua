-- expect: different nodes
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local y = x for i = 1, 60000 do y = y + i end
