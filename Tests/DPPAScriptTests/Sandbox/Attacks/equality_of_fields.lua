-- expect: write a:eq(b)
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors" return x + 1 == x + 2
