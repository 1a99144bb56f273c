-- RIA, relative importance and activations (ICLR 2024): a weight counts by its share of its input's weights and of its output's, and
-- by the norm of what goes in.
--   score   (|W_ij| / sum over i of |W_ij| + |W_ij| / sum over j of |W_ij|) * |X_j| ^ alpha
--   keeps   what is above the int(n * sparsity)-th smallest score of the linear, or with over = "row" all but the int(inputs * sparsity)
--           smallest of each row, or `keep` of each `group` consecutive inputs
-- What is no linear of a block stays as it is. The permutation of inputs that the authors' program offers for groups is left out.
local dppa = require "dppa.v1"
local pruning = require "dppa.pruning"
local abs, floor, kth, numel, sum, where = dppa.abs, dppa.floor, dppa.kth, dppa.numel, dppa.sum, dppa.where

-- Sums to divide by: of nothing but zeros 1.
local function total(x, scope)
  local sums = sum(x, scope)
  return where(sums:eq(0), 1, sums)
end

return dppa.method {
  name = "ria",
  summary = "RIA: prunes linears by the shares of weights in their rows and columns times the norms of their inputs.",
  arguments = { { name = "model", kind = "model" }, { name = "data", kind = "path" } },
  options = {
    pruning.sparsity,
    { name = "alpha", default = 0.5, min = 0, help = "power of the norms of inputs; 0: they do not count" },
    { name = "over", default = "tensor", choices = { "tensor", "row" }, help = "what scores are compared over" },
    pruning.keep, pruning.group, pruning.schedule, pruning.samples, pruning.length,
  },
  returns = "a pruned model",
  example = "ria(expert, \"zoo/search/math.jsonl\", { over = \"row\" })",
  run = function(model, data, o)
    pruning.check("ria", o)
    return pruning.by_options(model, data, o, false, function(w, inputs)
      local size = abs(w)
      local score = (size / total(size, "column") + size / total(size, "row"))
        * dppa.spread_columns(inputs.norm ^ o.alpha, w)
      if o.keep > 0 or o.over == "row" then return pruning.by_row(w, score, o) end
      local sparsity = numel(w) * 0 + pruning.on(w, o.sparsity)
      local cut = where(sparsity:gt(0), kth(score, floor(numel(w) * sparsity), "tensor"), -1)
      return where(score:gt(cut), w, 0)
    end)
  end,
}
