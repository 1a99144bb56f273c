-- multislerp: the weighted mean direction of any number of deltas, or of models, with the weighted mean of their lengths.
--   m = sum(w_i d_i / |d_i|);   x = b + m / |m| * sum(w_i |d_i|),  w_i shared out to 1
-- mergekit's further step, along the tangent sum(w_i (u_i - <u_i, m> m)) at m, is left out: that sum is exactly 0.
-- Directions that cancel, |m| < eps, give the plain weighted mean.
local dppa = require "dppa.v1"
local mergekit = require "dppa.mergekit"
local norm, where = dppa.norm, dppa.where

return dppa.method {
  name = "multislerp",
  summary = "The weighted mean direction of deltas, or of models, with the mean of their lengths.",
  compat = "lengths are |d| + eps where directions are made; one expert is what it is. Directions of three or more "
    .. "that cancel, at which mergekit fails, give the plain weighted mean.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "models" } },
  options = {
    { name = "weights", default = 1, per = "expert", divides = "normalize", help = "share of each expert" },
    {
      name = "vectors", default = "deltas", choices = { "deltas", "models" },
      help = "what the directions are of: the experts' deltas of the base, or the models themselves",
    },
    { name = "normalize", default = true, help = "divide the weights by their sum" },
    { name = "eps", default = 1e-6, mergekit = 1e-8, min = 0, help = "directions whose mean is as short as this cancel" },
  },
  returns = "a model",
  example = "multislerp(base, { a, b }, { weights = { 1, 0.5 } })",
  run = function(base, experts, o)
    local is_mergekit = mergekit.is_single(o)
    if is_mergekit and #experts == 1 then return experts[1] end
    local share, direction, length, plain = o.normalize and dppa.weight_sum(o.weights) or 1, nil, nil, nil
    local function add(sum, part) return sum and sum + part or part end
    for i, expert in ipairs(experts) do
      local vector, w = o.vectors == "deltas" and expert - base or dppa.weights(expert), o.weights[i] / share
      local size = norm(vector, "tensor")
      local divisor = is_mergekit and size + o.eps or where(size:eq(0), 1, size)
      direction = add(direction, w / divisor * vector)
      length, plain = add(length, w * size), add(plain, w * vector)
    end
    local size = norm(direction, "tensor")
    local mean = where(size:le(o.eps), plain, length / size * direction)
    return o.vectors == "deltas" and base + mean or dppa.as_model(mean, base)
  end,
}
