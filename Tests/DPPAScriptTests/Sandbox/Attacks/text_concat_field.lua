-- expect: a field is no text
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local y = "a" .. x
