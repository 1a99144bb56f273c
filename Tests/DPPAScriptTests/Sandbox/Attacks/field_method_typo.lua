-- expect: did you mean 'named'?
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors" x:nmaed "a"
