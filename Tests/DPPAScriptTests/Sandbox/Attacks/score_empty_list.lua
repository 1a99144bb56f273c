-- expect: it is an empty table
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
dppa.score({}, "a")
