-- RIA: prunes a model by the shares of weights in their rows and columns, and by what goes into them.
--   dppa-run run recipes/ria.lua --out pruned --set expert=path --set data=text.jsonl --set sparsity=0.5
local dppa = require "dppa.v1"
local ria = require "dppa.ria"

local model = dppa.inputs { expert = "zoo/math", help = { expert = "the model to prune" } }
local data = dppa.option {
  name = "data", kind = "path", default = "zoo/search/math.jsonl", help = "calibration text, a task file",
}
return ria(model, data, dppa.options(ria))
