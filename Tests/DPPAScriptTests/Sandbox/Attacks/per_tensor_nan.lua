-- expect: must be finite
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
dppa.per_tensor(x, function() return 0 / 0 end)
