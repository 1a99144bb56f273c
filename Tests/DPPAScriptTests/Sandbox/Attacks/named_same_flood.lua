-- expect: names more than 10000 values
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local n = dppa.sum(x, "tensor") for i = 1, 1e6 do (n + i):named "n" end
