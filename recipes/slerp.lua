-- Slerp: between two models along the great circle, tensor by tensor.
--   dppa-run run recipes/slerp.lua --out merged --set base=path/a --set experts=path/b --set t=0.3
local dppa = require "dppa.v1"
local slerp = require "dppa.slerp"

local first, others = dppa.inputs {
  base = "zoo/math", experts = { "zoo/law" }, help = { base = "the model at t = 0", experts = "the model at t = 1" },
}
if #others ~= 1 then error("slerp goes between two models; experts has " .. #others .. ": give one") end
return slerp(first, others[1], dppa.options(slerp))
