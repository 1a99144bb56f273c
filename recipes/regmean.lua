-- RegMean: linears whose outputs are nearest to every model's on its own text. RegMean++ with schedule=layerwise.
--   dppa-run run recipes/regmean.lua --out merged --set experts=path/a,path/b --set data=a.jsonl,b.jsonl --set schedule=layerwise
local dppa = require "dppa.v1"
local regmean = require "dppa.regmean"

local models = dppa.inputs { experts = { "zoo/math", "zoo/finance", "zoo/law" } }
local data = dppa.option {
  name = "data", of = "path", nonempty = true, help = "a text for each model, task files",
  default = { "zoo/search/math.jsonl", "zoo/search/finance.jsonl", "zoo/search/law.jsonl" },
}
return regmean(models, data, dppa.options(regmean))
