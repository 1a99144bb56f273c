-- ALPS: prunes a model so that the outputs of its linears are nearest to what they were, by many rounds for each.
--   dppa-run run recipes/alps.lua --out pruned --set expert=path --set data=text.jsonl --set sparsity=0.5
local dppa = require "dppa.v1"
local alps = require "dppa.alps"

local model = dppa.inputs { expert = "zoo/math", help = { expert = "the model to prune" } }
local data = dppa.option {
  name = "data", kind = "path", default = "zoo/search/math.jsonl", help = "calibration text, a task file",
}
return alps(model, data, dppa.options(alps))
