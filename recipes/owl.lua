-- OWL: prunes a model by Wanda, layers with many outliers less than others.
--   dppa-run run recipes/owl.lua --out pruned --set expert=path --set data=text.jsonl --set sparsity=0.5
local dppa = require "dppa.v1"
local owl = require "dppa.owl"

local model = dppa.inputs { expert = "zoo/math", help = { expert = "the model to prune" } }
local data = dppa.option {
  name = "data", kind = "path", default = "zoo/search/math.jsonl", help = "calibration text, a task file",
}
return owl(model, data, dppa.options(owl))
