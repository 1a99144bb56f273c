-- expect: more than 1000 options
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
for i = 1, 1e6 do dppa.option { name = "o" .. i, default = 1 } end
