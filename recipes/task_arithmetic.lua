-- Task arithmetic: base + lambda * sum(weight * (expert - base)).
--   dppa-run run recipes/task_arithmetic.lua --out merged --set base=path --set experts=path/a,path/b --set lambda=0.6
local dppa = require "dppa.v1"
local task_arithmetic = require "dppa.task_arithmetic"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return task_arithmetic(base, experts, dppa.options(task_arithmetic, { lambda = 0.6 }))
