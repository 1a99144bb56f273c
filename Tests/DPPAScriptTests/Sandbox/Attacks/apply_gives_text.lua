-- expect: it gave the text
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
x:apply(function() return "a" end, { on = "*" })
