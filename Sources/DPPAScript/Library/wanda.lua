-- Wanda (arXiv 2306.11695): prunes each output of a linear by the sizes of its weights times those of what goes in.
--   score   |W_ij| * |X_j|, the norm of input j over the calibration text
--   keeps   of each row all but the int(inputs * sparsity) smallest scores, or `keep` of each `group` consecutive inputs
-- What is no linear of a block stays as it is.
local dppa = require "dppa.v1"
local pruning = require "dppa.pruning"

return dppa.method {
  name = "wanda",
  summary = "Wanda: prunes linears by the sizes of weights times the norms of their inputs, row by row.",
  arguments = { { name = "model", kind = "model" }, { name = "data", kind = "path" } },
  options = {
    pruning.sparsity, pruning.keep, pruning.group, pruning.schedule, pruning.samples, pruning.length,
  },
  returns = "a pruned model",
  example = "wanda(expert, \"zoo/search/math.jsonl\", { keep = 2, group = 4 })",
  run = function(model, data, o)
    pruning.check("wanda", o)
    return pruning.by_options(model, data, o, false, function(w, inputs)
      return pruning.by_row(w, dppa.abs(w) * dppa.spread_columns(inputs.norm, w), o)
    end)
  end,
}
