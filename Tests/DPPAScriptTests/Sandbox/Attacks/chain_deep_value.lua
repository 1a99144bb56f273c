-- expect: ok
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local y = x for i = 1, 45000 do y = y + i end assert(dppa.sum(y, "model"):value() > 0)
