-- expect: Lua
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
while true do local y = dppa.sum(x, "tensor") end
