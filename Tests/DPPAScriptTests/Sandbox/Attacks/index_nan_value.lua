-- expect: ok
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
assert(dppa.kth(x, dppa.sum(x, "tensor") / 0 * 0, "tensor"):value().x == 1)
