-- OWL (arXiv 2310.05175): layers with more outliers are pruned less; what goes of each linear is told by Wanda.
--   score    |W_ij| * |X_j|, inputs of the model as it is
--   D_l      100 * the share of scores above multiple * their mean over the linears of layer l
--   density  1 - sparsity + 2 * lambda * (D_l - min D) / (max D - min D), less the mean of that over the layers
-- Equal D: every layer has the same density.
local dppa = require "dppa.v1"
local pruning, wanda = require "dppa.pruning", require "dppa.wanda"
local clamp, max, mean, min, where = dppa.clamp, dppa.max, dppa.mean, dppa.min, dppa.where

return dppa.method {
  name = "owl",
  summary = "OWL: Wanda with a sparsity of each layer by its outliers.",
  arguments = { { name = "model", kind = "model" }, { name = "data", kind = "path" } },
  options = {
    { name = "sparsity", default = 0.7, min = 0, max = 1, help = "share that goes, on the average over the layers" },
    { name = "multiple", default = 5, min = 0, help = "an outlier is this many times the mean score of its layer" },
    { name = "lambda", default = 0.08, min = 0, max = 1, help = "half of how far densities are apart at most" },
    pruning.schedule, pruning.samples, pruning.length,
  },
  returns = "a pruned model",
  example = "owl(expert, \"zoo/search/math.jsonl\", { sparsity = 0.6 })",
  run = function(model, data, o)
    local inputs = dppa.activations(model, data, { samples = o.samples, length = o.length })
    local score = pruning.rows(model:linears(), inputs, function(w, own)
      return dppa.abs(w) * dppa.spread_columns(own.norm, w)
    end)
    local outliers = 100 * mean(score:gt(o.multiple * mean(score, "layer")), "layer")
    local low, range = min(outliers, "model"), max(outliers, "model") - min(outliers, "model")
    local part = where(range:gt(0), 2 * o.lambda * (outliers - low) / where(range:gt(0), range, 1), 0)
    local density = clamp(part - mean(part, "model") + 1 - o.sparsity, 0, 1):named "density"
    return wanda(model, data, {
      sparsity = 1 - density, schedule = o.schedule, samples = o.samples, length = o.length,
    })
  end,
}
