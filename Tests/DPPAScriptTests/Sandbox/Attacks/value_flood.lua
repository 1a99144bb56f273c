-- expect: Lua
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local n = dppa.sum(x, "tensor") while true do local y = n:value() end
