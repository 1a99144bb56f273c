-- expect: dppa has no 'xxx
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local a = dppa[("x"):rep(60000)]
