-- NuSLERP: the weighted mean of two deltas, or of two models, along the great circle between them, by tensor, row or column.
--   t = w_2 / (w_1 + w_2);   x = b + sin((1-t)θ)/sinθ · d_1 + sin(tθ)/sinθ · d_2,  cosθ = <d_1, d_2> / (|d_1| |d_2|)
-- Where sinθ < 1e-4 the way is straight: there the circle is the same within float32 or, of opposite vectors, undefined.
local dppa = require "dppa.v1"
local great_circle, mergekit = require "dppa.great_circle", require "dppa.mergekit"
local abs, clamp, dot, maximum, norm, where = dppa.abs, dppa.clamp, dppa.dot, dppa.maximum, dppa.norm, dppa.where

-- As mergekit has it: weights that add up to nothing are equal ones, norms are at least 1e-7, and straight is what float32
-- cannot tell from the same or the opposite direction.
local function as_mergekit(a, c, o)
  local all = o.weights[1] + o.weights[2]
  local t = 0.5
  if type(all) ~= "number" then
    t = where(abs(all):lt(1e-6), 0.5, o.weights[2] / all)
  elseif math.abs(all) >= 1e-6 then
    t = o.weights[2] / all
  end
  local function cosine_of(scope)
    local function length(x) return maximum(norm(x, scope), 1e-7) end
    return clamp(dot(a, c, scope) / (length(a) * length(c)), -1, 1)
  end
  local cosine = cosine_of(o.scope)
  if o.scope == "column" then
    local is_matrix = dppa.per_tensor(a, function(tensor) return #tensor.shape > 1 and 1 or 0 end)
    cosine = where(is_matrix:eq(1), cosine, cosine_of "tensor")
  end
  return great_circle(a, c, t, { scope = o.scope, cosine = cosine, straight = 1 - 2 ^ -25 })
end

return dppa.method {
  name = "nuslerp",
  summary = "The weighted mean of two deltas, or of two models, along the great circle between them.",
  compat = "weights that add up to less than 1e-6 are equal ones; norms are at least 1e-7; a tensor of one "
    .. "dimension is one column; the way is "
    .. "straight where float32 cannot tell the cosine from 1 or -1. What mergekit makes of opposite vectors is the rounding of its "
    .. "own sums, and differs.",
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
    local a, c, way = vector(experts[1]), vector(experts[2]), nil
    if mergekit.is_single(o) then
      way = as_mergekit(a, c, o)
    else
      local t = o.weights[2] / dppa.weight_sum(o.weights)
      way = great_circle(a, c, t, { scope = o.scope, straight = 1 - 5e-9 })
    end
    return o.vectors == "deltas" and base + way or dppa.as_model(way, base)
  end,
}
