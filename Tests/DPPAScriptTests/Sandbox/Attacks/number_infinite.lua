-- expect: must be finite
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local y = x * math.huge
