-- TIES: trim every delta to its largest elements, elect signs, average what agrees.
--   dppa-run run recipes/ties.lua --out merged --set base=path --set experts=path/a,path/b --set density=0.2
local dppa = require "dppa.v1"
local ties = require "dppa.ties"

local base = dppa.model(dppa.option { name = "base", default = "zoo/base", help = "the model all experts come from" })
local experts = dppa.models(dppa.option {
  name = "experts", default = { "zoo/math", "zoo/finance", "zoo/law" }, help = "fine-tuned models, comma separated",
})

return ties(base, experts, {
  density = dppa.option { name = "density", default = 0.2, min = 0, max = 1, help = "share of each delta to keep" },
  weights = dppa.option { name = "weights", default = {}, help = "one for each expert; nothing for 1" },
  lambda = dppa.option { name = "lambda", default = 1, help = "scale of the merged delta" },
  normalize = dppa.option { name = "normalize", default = true, help = "divide by the weights that agree" },
  rescale = dppa.option {
    name = "rescale", default = "none", choices = { "none", "inverse", "l1" }, help = "make up for what was trimmed",
  },
})
