-- DARE: drop a random share of every delta, make up for it, add the rest.
--   dppa-run run recipes/dare.lua --out merged --set base=path --set experts=path/a,path/b --set rate=0.8 --seed 1
local dppa = require "dppa.v1"
local dare = require "dppa.dare"

local base = dppa.model(dppa.option { name = "base", default = "zoo/base", help = "the model all experts come from" })
local experts = dppa.models(dppa.option {
  name = "experts", default = { "zoo/math", "zoo/finance", "zoo/law" }, help = "fine-tuned models, comma separated",
})

return dare(base, experts, {
  rate = dppa.option { name = "rate", default = 0.8, min = 0, max = 0.999, help = "share of each delta to drop" },
  weights = dppa.option { name = "weights", default = {}, help = "one for each expert; nothing for 1" },
  lambda = dppa.option { name = "lambda", default = 0.6, help = "scale of the merged delta" },
  rescale = dppa.option {
    name = "rescale", default = "inverse", choices = { "none", "inverse", "l1" }, help = "make up for what was dropped",
  },
  seed = dppa.option { name = "seed", default = 0, min = 0, help = "seed of the random masks" },
})
