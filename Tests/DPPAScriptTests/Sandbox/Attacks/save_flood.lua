-- expect: saves more than 1000 models
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local m = dppa.as_model(x, x) for i = 1, 1e6 do m:save("m" .. i) end
