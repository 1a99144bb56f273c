-- expect: inside a rule
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
dppa.sum(x, dppa.group(function(t) error "inside a rule" end))
