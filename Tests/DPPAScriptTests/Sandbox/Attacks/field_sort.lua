-- expect: fields are compared with methods
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
table.sort { x, x + 1 }
