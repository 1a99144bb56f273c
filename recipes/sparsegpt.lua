-- SparseGPT: prunes a model input by input, what stays making up for what goes.
--   dppa-run run recipes/sparsegpt.lua --out pruned --set expert=path --set data=text.jsonl --set sparsity=0.5
local dppa = require "dppa.v1"
local sparsegpt = require "dppa.sparsegpt"

local model = dppa.inputs { expert = "zoo/math", help = { expert = "the model to prune" } }
local data = dppa.option {
  name = "data", kind = "path", default = "zoo/search/math.jsonl", help = "calibration text, a task file",
}
return sparsegpt(model, data, dppa.options(sparsegpt))
