-- Task arithmetic: base + lambda * sum(weight * (expert - base)).
--   dppa-run run recipes/task_arithmetic.lua --out merged --set base=path --set experts=path/a,path/b --set lambda=0.6
local dppa = require "dppa.v1"
local task_arithmetic = require "dppa.task_arithmetic"

local base = dppa.model(dppa.option { name = "base", default = "zoo/base", help = "the model all experts come from" })
local experts = dppa.models(dppa.option {
  name = "experts", default = { "zoo/math", "zoo/finance", "zoo/law" }, help = "fine-tuned models, comma separated",
})

return task_arithmetic(base, experts, {
  weights = dppa.option { name = "weights", default = {}, help = "one for each expert; nothing for 1" },
  lambda = dppa.option { name = "lambda", default = 0.6, help = "scale of the merged delta" },
  normalize = dppa.option { name = "normalize", default = false, help = "divide by the sum of the weights" },
})
