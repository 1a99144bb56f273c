-- expect: it returns a
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
x:apply(function() return "a" end, { on = "*" })
