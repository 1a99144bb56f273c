-- expect: dp has no option 'rte'
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
require "dppa.dp".prune(x, { rte = 1 })
