-- expect: has no option 'xxx
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
dppa.option { [("x"):rep(60000)] = 1 }
