-- Wanda: prunes a model by the sizes of its weights and of what goes into them.
--   dppa-run run recipes/wanda.lua --out pruned --set expert=path --set data=text.jsonl --set sparsity=0.5
local dppa = require "dppa.v1"
local wanda = require "dppa.wanda"

local model = dppa.inputs { expert = "zoo/math", help = { expert = "the model to prune" } }
local data = dppa.option {
  name = "data", kind = "path", default = "zoo/search/math.jsonl", help = "calibration text, a task file",
}
return wanda(model, data, dppa.options(wanda))
