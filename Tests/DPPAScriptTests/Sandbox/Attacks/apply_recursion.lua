-- expect: Lua
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local function f(t) return t:apply(f, { on = "*" }) end x:apply(f, { on = "*" })
