-- expect: gives no key
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
dppa.sum(x, dppa.group(function(t) dppa.sum(x, "tensor"):value() end))
