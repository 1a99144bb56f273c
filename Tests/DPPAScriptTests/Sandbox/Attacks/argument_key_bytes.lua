-- expect: has no option
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
dppa.option { ["\xff\0\xfe"] = 1 }
