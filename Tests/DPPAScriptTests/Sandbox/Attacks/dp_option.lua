-- expect: dp.prune has no option 'rte'; did you mean 'rate'?
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
require "dppa.dp".prune(x, { rte = 1 })
