-- slerp: the way from one model to another along the great circle, tensor by tensor; nearly parallel tensors go straight.
--   sin((1-t)θ)/sinθ · a + sin(tθ)/sinθ · c,  cosθ = <a, c> / (|a| |c|);  |cosθ| > 0.9995: (1-t) a + t c
local dppa = require "dppa.v1"
local abs, acos, clamp, dot, norm, sin, where =
  dppa.abs, dppa.acos, dppa.clamp, dppa.dot, dppa.norm, dppa.sin, dppa.where

local function length(x)
  local size = norm(x, "tensor")
  return where(size:gt(1e-8), size, 1)
end

return dppa.method {
  name = "slerp",
  summary = "From one model to another along the great circle, tensor by tensor.",
  arguments = { { name = "first", kind = "model" }, { name = "second", kind = "model" } },
  options = { { name = "t", default = 0.5, min = 0, max = 1, per = "tensor", help = "how far to go" } },
  returns = "a model",
  example = "slerp(a, b, { t = { [\"*.mlp.*\"] = 0.3, rest = dppa.gradient { 0, 0.5, 1 } } })",
  run = function(first, second, o)
    local t = o.t
    local a, c = dppa.weights(first), dppa.weights(second)
    local cosine = clamp(dot(a, c, "tensor") / (length(a) * length(c)), -1, 1):named "cosine"
    local angle = acos(cosine)
    local straight = abs(cosine):gt(0.9995)
    local from = where(straight, 1 - t, sin((1 - t) * angle) / sin(angle))
    local to = where(straight, t, sin(t * angle) / sin(angle))
    return dppa.as_model(from * a + to * c, first)
  end,
}
