-- expect: there is no file
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
dppa.sum(x, dppa.group(function(t) return dppa.score(dppa.as_model(x, x), "none.jsonl") end))
