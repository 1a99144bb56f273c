-- expect: Lua
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local function f(t) return dppa.per_tensor(x, f) end dppa.per_tensor(x, f)
