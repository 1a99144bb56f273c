-- DPPA with factors that are given: what `make bench` times of it, as a search depends on its tasks.
--   DP at 0.9 and 0.8 splits each expert's delta into two partitions, DPA amplifies them, their sum goes onto the base.
local dppa, dpa = require "dppa.v1", require "dppa.dpa"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
local o = dppa.options(dpa, { "rates" })
local factors = dppa.option { name = "factors", default = { 1.8, 1 }, help = "one for each rate" }
local lambda = dppa.option { name = "lambda", default = 0.6, help = "scale of the merged delta" }

local sum
for _, expert in ipairs(experts) do
  local amplified = dpa(expert - base, { rates = o.rates, label = dppa.label(expert) })(factors)
  sum = sum and sum + amplified or amplified
end
return base + lambda * sum
