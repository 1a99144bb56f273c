-- expect: dppa has no 'table'
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local a = dppa[{}]
