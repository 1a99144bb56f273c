-- average: the weighted mean of models, without a base.   x = sum(w * x_i) / sum(w);   normalize = false: their sum
local dppa = require "dppa.v1"

return dppa.method {
  name = "average",
  aliases = { "linear" },
  summary = "The weighted mean of models, without a base: sum(w * x_i) / sum(w).",
  comparisons = "On eight vision tasks 65.8, task arithmetic 69.1 (ViT-B/32, arXiv 2503.08099).",
  compat = "nothing: the sums are float32 in both. Weights that add up to nothing, of which mergekit makes "
    .. "infinities, are an error.",
  arguments = { { name = "models", kind = "models" } },
  options = {
    { name = "weights", default = 1, per = "expert", divides = "normalize", help = "share of each model" },
    { name = "normalize", default = true, help = "divide by the sum of the weights" },
  },
  returns = "a model",
  example = "average({ a, b }, { weights = { 0.7, 0.3 } })",
  run = function(models, o)
    if o.normalize then return dppa.average { models = models, weights = o.weights } end
    local sum
    for i, model in ipairs(models) do
      local part = o.weights[i] * dppa.weights(model)
      sum = sum and sum + part or part
    end
    return dppa.as_model(sum, models[1])
  end,
}
