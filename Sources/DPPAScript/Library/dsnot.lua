-- DSnoT, dynamic sparse no training (arXiv 2310.08915): Wanda's mask repaired row by row, so that what goes adds up to nothing on the
-- average; no weight changes, and as many go.
--   g_j     W_ij * the sum of input j over the text / lines;  error = sum of g_j over what goes
--   repair  while |error| > threshold: back comes the largest g_j / variance of input j (where the error is below 0 the smallest), and of
--           what stays with g_j below 0 (or above) the smallest |W_ij| * |X_j| goes; each element changes once at most
-- As published MLPs are left as Wanda has them, unless mlp = true. What is no linear of a block stays as it is.
local dppa = require "dppa.v1"
local pruning = require "dppa.pruning"
local where = dppa.where

local attention = { q = true, k = true, v = true, o = true, kv = true, qkv = true }

return dppa.method {
  name = "dsnot",
  summary = "DSnoT: Wanda's masks repaired row by row, so that what goes adds up to little on the text.",
  arguments = { { name = "model", kind = "model" }, { name = "data", kind = "path" } },
  options = {
    pruning.sparsity,
    { name = "rounds", kind = "count", default = 50, min = 0, help = "how many elements of a row change places at most" },
    { name = "threshold", default = 0.1, min = 0, help = "the error of a row that may stay" },
    { name = "mlp", default = false, help = "whether linears of MLPs are repaired too" },
    pruning.schedule, pruning.samples, pruning.length,
  },
  returns = "a pruned model",
  example = "dsnot(expert, \"zoo/search/math.jsonl\", { mlp = true })",
  run = function(model, data, o)
    local row = { sparsity = o.sparsity, keep = 0 }
    return pruning.by_options(model, data, o, false, function(w, inputs)
      local kept = where(pruning.kept(w, dppa.abs(w) * dppa.spread_columns(inputs.norm, w), row), 1, 0)
      local names, all = {}, dppa.facts(w)
      for _, tensor in ipairs(all) do
        if o.mlp or attention[tensor.role] then names[#names + 1] = tensor.name end
      end
      local function on(field) return #names < #all and field:select(names) or field end
      local function repair(part)
        return where(dppa.dsnot(part, on(kept), {
          sums = on(inputs.mean) * (inputs.tokens / inputs.samples), variance = on(inputs.variance), norm = on(inputs.norm),
          rounds = o.rounds, threshold = o.threshold,
        }), part, 0)
      end
      if #names == 0 then return where(kept:gt(0), w, 0) end
      if #names == #all then return repair(w) end
      return where(kept:gt(0), w, 0):apply(function(part) return repair(w:select(names)) end, { on = names })
    end)
  end,
}
