-- DP (arXiv 2403.02799): prunes what an expert has learnt; every layer and linear gets a density of its own.
--   dppa-run run recipes/dp.lua --out pruned --set base=path --set expert=path/a --set rate=0.9
local dppa = require "dppa.v1"
local dp = require "dppa.dp"

local base, expert = dppa.inputs { base = "zoo/base", expert = "zoo/law" }
local delta, o = expert - base, dppa.options(dp.prune)
local share, linears, tensors = dp.eligible(delta)
print(string.format(
  "dp prunes the linears: %d of %d tensors, %.1f %% of the delta's elements; rest = %s for all others",
  linears, tensors, 100 * share, o.rest))
return base + dp.prune(delta, o)
