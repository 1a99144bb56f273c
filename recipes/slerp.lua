-- Slerp: between two models along the great circle, tensor by tensor.
--   dppa-run run recipes/slerp.lua --out merged --set base=path/a --set experts=path/b --set t=0.3
local dppa = require "dppa.v1"
local slerp = require "dppa.slerp"

local first = dppa.model(dppa.option { name = "base", default = "zoo/math", help = "the model at t = 0" })
local second = dppa.models(dppa.option { name = "experts", default = { "zoo/law" }, help = "the model at t = 1" })[1]

return slerp(first, second, {
  t = dppa.option { name = "t", default = 0.5, min = 0, max = 1, help = "how far to go" },
})
