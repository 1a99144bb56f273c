-- slerp: the way from one model to another along the great circle, tensor by tensor; nearly parallel tensors go straight.
--   sin((1-t)θ)/sinθ · a + sin(tθ)/sinθ · c,  cosθ = <a, c> / (|a| |c|);  |cosθ| > 0.9995: (1-t) a + t c
local dppa = require "dppa.v1"
local great_circle = require "dppa.great_circle"

return dppa.method {
  name = "slerp",
  summary = "From one model to another along the great circle, tensor by tensor.",
  compat = "nothing: mergekit computes the same, in float32 whatever its dtype is.",
  arguments = { { name = "first", kind = "model" }, { name = "second", kind = "model" } },
  options = { { name = "t", default = 0.5, min = 0, max = 1, per = "tensor", help = "how far to go" } },
  returns = "a model",
  example = "slerp(a, b, { t = { [\"*.mlp.*\"] = 0.3, rest = dppa.gradient { 0, 0.5, 1 } } })",
  run = function(first, second, o)
    return dppa.as_model(great_circle(dppa.weights(first), dppa.weights(second), o.t), first)
  end,
}
