-- expect: bad 'for' initial value
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
for a = x, 2 do end
