-- task arithmetic (arXiv 2212.04089): the weighted sum of the experts' deltas, scaled, on the base.
--   x = b + lambda * sum(w * (x_i - b));   normalize: the sum is divided by sum(w)
local dppa = require "dppa.v1"
local combine, mergekit = require "dppa.combine", require "dppa.mergekit"

return dppa.method {
  name = "task_arithmetic",
  summary = "Task arithmetic: base + lambda * sum(w * delta).",
  comparisons = "On language models, 12 public fine-tunes of each of four bases of 3 to 8 B and 16 benchmarks, the only one of "
    .. "six methods that reliably beats the base (arXiv 2511.21437). On eight vision tasks 69.1, beside 65.8 of the "
    .. "mean and 88.9 of joint training (ViT-B/32, arXiv 2503.08099). MergeBench (arXiv 2505.10833) takes lambda 0.4 "
    .. "for five domain experts of 2 to 9 B.",
  compat = "weights that add up to less than 1e-8 count as 1 where the sum is divided by them; otherwise nothing.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { of = combine.sum },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
  },
  returns = "a model",
  example = "task_arithmetic(base, { a, b }, { weights = { 1, 0.5 }, lambda = dppa.gradient { 0.4, 0.8 } })",
  run = function(base, deltas, o)
    if o.compat ~= "none" then return mergekit.merge(base, deltas, o, "none", false) end
    return base + o.lambda * combine.sum(deltas, { weights = o.weights, normalize = o.normalize })
  end,
}
