-- SparseGPT (arXiv 2301.00774): prunes linears input by input; what stays of a row makes up for what goes, by the inputs' covariance.
--   H       covariance of the inputs + damp * mean of its diagonal;  H^-1 = U^T U
--   score   (W_ij / U_jj)^2: in each block of inputs what is at or below the int(n * sparsity)-th smallest goes, or all but `keep` of each
--           `group` consecutive inputs
--   update  W_ik - W_ij / U_jj * U_jk for the inputs k behind a pruned j
-- What is no linear of a block stays as it is.
local dppa = require "dppa.v1"
local pruning = require "dppa.pruning"

return dppa.method {
  name = "sparsegpt",
  summary = "SparseGPT: prunes linears input by input, and changes what stays so that outputs change least.",
  arguments = { { name = "model", kind = "model" }, { name = "data", kind = "path" } },
  options = {
    pruning.sparsity, pruning.keep, pruning.group,
    { name = "block", kind = "count", default = 128, min = 1, help = "how many inputs have their mask together" },
    pruning.damp, pruning.schedule, pruning.samples, pruning.length,
  },
  returns = "a pruned model",
  example = "sparsegpt(expert, \"zoo/search/math.jsonl\", { keep = 2, group = 4 })",
  run = function(model, data, o)
    pruning.check("sparsegpt", o)
    return pruning.by_options(model, data, o, true, function(w, inputs)
      return dppa.sparsegpt(w, inputs.covariance, pruning.amount(w, o, { block = o.block, damp = o.damp }))
    end)
  end,
}
