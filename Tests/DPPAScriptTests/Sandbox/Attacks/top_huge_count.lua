-- expect: ok
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
assert(dppa.count(dppa.top(x, { count = 1e300 }, "tensor"), "tensor"):value().x == 4)
