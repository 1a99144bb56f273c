-- expect: ok
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
assert(tonumber(x) == nil)
