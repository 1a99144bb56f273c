-- DSnoT: prunes a model by Wanda, and repairs the masks so that what goes adds up to little.
--   dppa-run run recipes/dsnot.lua --out pruned --set expert=path --set data=text.jsonl --set sparsity=0.5
local dppa = require "dppa.v1"
local dsnot = require "dppa.dsnot"

local model = dppa.inputs { expert = "zoo/math", help = { expert = "the model to prune" } }
local data = dppa.option {
  name = "data", kind = "path", default = "zoo/search/math.jsonl", help = "calibration text, a task file",
}
return dsnot(model, data, dppa.options(dsnot))
