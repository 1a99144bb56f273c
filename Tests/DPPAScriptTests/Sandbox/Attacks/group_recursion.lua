-- expect: stack overflow
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local g g = dppa.group(function(t) return dppa.sum(x, g):value() end) dppa.sum(x, g)
