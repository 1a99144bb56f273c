-- ALPS (arXiv 2406.07831): linears with few weights whose outputs on the text are nearest to those of the model's own.
--   least  |X (W - D)^T| over matrices D with as many weights as stay, by alternating directions with a growing penalty rho;
--          then conjugate gradients on the weights that stay
-- Of these methods the nearest where much goes, and the slowest: `rounds` times the work of a product of weights and covariance. What is
-- no linear of a block stays as it is.
local dppa = require "dppa.v1"
local pruning = require "dppa.pruning"

return dppa.method {
  name = "alps",
  summary = "ALPS: linears with few weights whose outputs are nearest to the model's own, by many rounds for each.",
  arguments = { { name = "model", kind = "model" }, { name = "data", kind = "path" } },
  options = {
    pruning.sparsity, pruning.keep, pruning.group,
    { name = "rho", default = 0.1, min = 1e-6, help = "the first penalty" },
    { name = "rounds", kind = "count", default = 300, min = 1, max = 10000, help = "how many rounds at most" },
    pruning.damp, pruning.schedule, pruning.samples, pruning.length,
  },
  returns = "a pruned model",
  example = "alps(expert, \"zoo/search/math.jsonl\", { sparsity = 0.7 })",
  run = function(model, data, o)
    pruning.check("alps", o)
    return pruning.by_options(model, data, o, true, function(w, inputs)
      return dppa.alps(w, inputs.covariance, pruning.amount(w, o, { damp = o.damp, rho = o.rho, rounds = o.rounds }))
    end)
  end,
}
