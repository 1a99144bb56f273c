-- expect: it gave a field
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
dppa.per_tensor(x, function() return x end)
