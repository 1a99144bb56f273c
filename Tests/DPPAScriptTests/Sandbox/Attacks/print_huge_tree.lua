-- expect: ok
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local y = x for i = 1, 20000 do y = dppa.sin(y) * y end print(y)
