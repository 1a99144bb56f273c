-- expect: more than 10000 different groups
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
for i = 1, 1e6 do dppa.sum(x, dppa.group(function() return i end)) end
