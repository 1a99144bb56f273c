-- expect: dpa: option 'rates' is empty
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
require "dppa.dpa"(x, { rates = {} })
