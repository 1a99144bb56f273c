-- NuSLERP: the weighted mean of two deltas, or of two models, along the great circle between them, by tensor, row or column.
--   t = w_2 / (w_1 + w_2);   x = b + sin((1-t)θ)/sinθ · d_1 + sin(tθ)/sinθ · d_2,  cosθ = <d_1, d_2> / (|d_1| |d_2|)
-- Where sinθ < 1e-4 the way is straight: there the circle is the same within float32 or, of opposite vectors, undefined.
local dppa = require "dppa.v1"
local great_circle = require "dppa.great_circle"

return dppa.method {
  name = "nuslerp",
  summary = "The weighted mean of two deltas, or of two models, along the great circle between them.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "models" } },
  options = {
    { name = "weights", default = 1, per = "expert", divides = true, help = "share of each expert" },
    {
      name = "vectors", default = "deltas", choices = { "deltas", "models" },
      help = "what the angle is between: the experts' deltas of the base, or the models themselves",
    },
    {
      name = "scope", default = "tensor", choices = { "tensor", "row", "column" },
      help = "what has an angle of its own; mergekit's nuslerp_flatten false is row, its nuslerp_row_wise column",
    },
  },
  returns = "a model",
  example = "nuslerp(base, { a, b }, { weights = { 0.7, 0.3 }, scope = \"row\" })",
  run = function(base, experts, o)
    if #experts ~= 2 then error("nuslerp goes between two experts; experts has " .. #experts) end
    local function vector(expert) return o.vectors == "deltas" and expert - base or dppa.weights(expert) end
    local t = o.weights[2] / dppa.weight_sum(o.weights)
    local way = great_circle(vector(experts[1]), vector(experts[2]), t, { scope = o.scope, straight = 1 - 5e-9 })
    return o.vectors == "deltas" and base + way or dppa.as_model(way, base)
  end,
}
