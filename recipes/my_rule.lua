-- How to invent a pruning rule: write its formula. Nothing is compiled, and it runs as fast as a rule that ships.
--   dppa-run run recipes/my_rule.lua --out mine
local dppa = require "dppa.v1"
local dp = require "dppa.dp"
local abs, mean, norm, top, where = dppa.abs, dppa.mean, dppa.norm, dppa.top, dppa.where

local base, expert = dppa.inputs { base = "zoo/base", expert = "zoo/law" }
local rate = dppa.option { name = "rate", default = 0.9, min = 0, max = 1, help = "share of the delta to drop" }

-- The idea: a change matters by how large it is beside the row that it changes, and later layers may keep more.
-- A field such as `delta` stands for every tensor at once; the function is traced once, whatever the size of the model.
local function my_rule(delta)
  local row = norm(dppa.weights(base):linears(), "row")               -- one number for each row of each matrix
  local importance = abs(delta) / where(row:gt(0), row, 1)
  local slope = dppa.per_tensor(delta, function(t) return 0.04 * (t.depth - 0.5) end)  -- depth: 0 first, 1 last layer
  local density = dppa.clamp(1 - rate + slope, 0, 1):named "density"  -- named values are in the report
  local keep = top(importance, density, "tensor")
  mean(keep, "layer"):named "kept"
  return where(keep, delta, 0)
end

-- The rule takes the linears; what it leaves, embeddings and norms, is kept as it is.
local mine = base + (expert - base):apply(my_rule)

-- Is it any good? The built-in evaluator scores models that were never written. Both are built in one read.
local magnitude = base + dp.prune(expert - base, { rate = rate, method = "magnitude" })
local scores = dppa.score({ mine, magnitude }, "zoo/search/law.jsonl")
print(string.format("my rule %.3f, magnitude %.3f", scores[1], scores[2]))

return mine
