-- nearswap: every element goes from the base to the other model, but no further than t.
--   x = b + clamp(x_1 - b, -t, t)
local dppa = require "dppa.v1"

return dppa.method {
  name = "nearswap",
  summary = "Every element goes from the base to the other model, but no further than t.",
  arguments = { { name = "base", kind = "model" }, { name = "expert", kind = "model" } },
  options = { { name = "t", default = 0.001, min = 0, per = "tensor", help = "how far an element may go" } },
  returns = "a model",
  example = "nearswap(base, expert, { t = { [\"*.mlp.*\"] = 0.002, rest = 0.001 } })",
  run = function(base, expert, o)
    return base + dppa.as_delta(dppa.maximum(dppa.minimum(expert - base, o.t), -o.t))
  end,
}
