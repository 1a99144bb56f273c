-- expect: there is no file
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
require "dppa.objective"(dppa.as_model(x, x), "none.jsonl")(x)
