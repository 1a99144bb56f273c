-- expect: leads out of
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
dppa.score(dppa.as_model(x, x), "../../../etc/passwd")
