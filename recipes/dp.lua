-- DP (arXiv 2403.02799): prunes what an expert has learnt; every layer and linear gets a density of its own.
--   dppa-run run recipes/dp.lua --out pruned --set base=path --set expert=path/a --set rate=0.9
local dppa = require "dppa.v1"
local dp = require "dppa.dp"
local option = dppa.option

local base = dppa.model(option { name = "base", default = "zoo/base", help = "the model that the expert comes from" })
local expert = dppa.model(option {
  name = "expert", default = "zoo/law", help = "a fine-tuned model",
}, { rows_like = base })

return base + dp.prune(expert - base, {
  rate = option { name = "rate", default = 0.9, min = 0, max = 1, help = "share of the delta to drop" },
  method = option {
    name = "method", default = "dp", choices = { "dp", "owl", "magnitude", "uniform" },
    help = "dp, or what it is compared with",
  },
  level = option {
    name = "level", default = "both", choices = { "both", "layer", "linear" }, help = "what gets a density of its own",
  },
  lambda = option {
    name = "lambda", default = 0.08, min = 0, max = 1, help = "largest shift of a density at either level",
  },
  layer_multiple = option {
    name = "layer_multiple", default = 3, min = 0, help = "an outlier of a layer is this many times its mean",
  },
  linear_multiple = option {
    name = "linear_multiple", default = 5, min = 0, help = "an outlier of a linear is this many times its mean",
  },
  scaling = option {
    name = "scaling", default = "max_abs", choices = { "max_abs", "min_max" },
    help = "of owl: the authors', or OWL's own",
  },
  compat = option {
    name = "compat", default = "exact", choices = { "exact", "reference" },
    help = "reference: the authors' masks bit by bit",
  },
  rest = option {
    name = "rest", default = "keep", choices = { "keep", "drop", "magnitude" },
    help = "what becomes of tensors that are no linears",
  },
  seed = option { name = "seed", default = 0, min = 0, help = "of uniform" },
})
