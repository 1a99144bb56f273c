-- DPPA in its shortest form: one expert, the paper's rates and factors, the authors' search.
--   dppa-run run recipes/dppa_minimal.lua --out law
local dppa, dpa = require "dppa.v1", require "dppa.dpa"
local objective, search = require "dppa.objective", require "dppa.search"

local base, expert = dppa.inputs { base = "zoo/base", expert = "zoo/law" }
local amplify = dpa(expert - base)

local found = search {
  strategy = "greedy", parameters = { { name = "factor", start = { 1.8, 0 }, step = 0.1 } },
  candidate = function(p) return base + amplify(p.factor) end,
  maximize = objective(expert, "zoo/search/law.jsonl"),
}
return base + amplify(found.parameters.factor)
