-- average: the weighted mean of models, without a base.   x = sum(w * x_i) / sum(w)
local dppa = require "dppa.v1"

return dppa.method {
  name = "average",
  aliases = { "linear" },
  summary = "The weighted mean of models, without a base: sum(w * x_i) / sum(w).",
  comparisons = "On eight vision tasks 65.8, task arithmetic 69.1 (ViT-B/32, arXiv 2503.08099).",
  arguments = { { name = "models", kind = "models" } },
  options = { { name = "weights", default = 1, per = "expert", divides = true, help = "share of each model" } },
  returns = "a model",
  example = "average({ a, b }, { weights = { 0.7, 0.3 } })",
  run = function(models, o) return dppa.average { models = models, weights = o.weights } end,
}
