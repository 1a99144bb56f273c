-- expect: not empty
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
dppa.score({}, "a")
