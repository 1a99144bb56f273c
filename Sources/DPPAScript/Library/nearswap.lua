-- nearswap: every element goes from the base to the other model, but no further than t.
--   x = b + clamp(x_1 - b, -t, t)
local dppa = require "dppa.v1"
local mergekit = require "dppa.mergekit"
local abs, clamp, maximum = dppa.abs, dppa.clamp, dppa.maximum

return dppa.method {
  name = "nearswap",
  summary = "Every element goes from the base to the other model, but no further than t.",
  compat = "x = w x_1 + (1 - w) b with w = clamp(t * (1 / max(|b - x_1|, 1e-6)), 0, 1), each step rounded.",
  arguments = { { name = "base", kind = "model" }, { name = "expert", kind = "model" } },
  options = { { name = "t", default = 0.001, min = 0, per = "tensor", help = "how far an element may go" } },
  returns = "a model",
  example = "nearswap(base, expert, { t = { [\"*.mlp.*\"] = 0.002, rest = 0.001 } })",
  run = function(base, expert, o)
    if o.compat ~= "none" then
      local steps, a, b = mergekit.working(o).steps, dppa.weights(base), dppa.weights(expert)
      -- A number over a tensor is the number times the tensor's reciprocal there.
      local weight = clamp(steps(o.t * steps(1 / steps(maximum(abs(steps(a - b)), 1e-6)))), 0, 1)
      return dppa.as_model(steps(steps(weight * b) + steps(steps(1 - weight) * a)), base)
    end
    return base + dppa.as_delta(dppa.maximum(dppa.minimum(expert - base, o.t), -o.t))
  end,
}
