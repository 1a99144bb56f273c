-- passthrough: one model, its tensors scaled.   x = scale * x_1
local dppa = require "dppa.v1"

return dppa.method {
  name = "passthrough",
  summary = "One model as it is, or with scaled tensors.",
  compat = "nothing: the product is the same.",
  arguments = { { name = "model", kind = "model" } },
  options = { { name = "scale", default = 1, per = "tensor", help = "factor of each tensor" } },
  returns = "a model",
  example = "passthrough(expert, { scale = { [\"*.o_proj.weight\"] = 0.9, [\"*.down_proj.weight\"] = 0.9, rest = 1 } })",
  run = function(model, o)
    if o.scale == 1 then return model end
    return dppa.as_model(o.scale * dppa.weights(model), model)
  end,
}
