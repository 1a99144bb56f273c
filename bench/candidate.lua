-- Candidates of a DPPA search, scored on as little as possible, so that what is timed is their construction.
--   see bench/candidate.py
local dppa, dpa = require "dppa.v1", require "dppa.dpa"
local base = dppa.model(dppa.option { name = "base", default = "zoo/base" })
local expert = dppa.model(dppa.option { name = "expert", default = "zoo/law" })
local task = dppa.option { name = "task", default = "zoo/search/law.jsonl" }

local amplify = dpa(expert - base)
local rows = {}
for k = 1, 8 do
  local score = dppa.score(base + amplify { 1 + k / 10, 1 }, { task = task }, { details = true }).task
  rows[k] = { k, score.seconds }
end
dppa.report { name = "candidates", columns = { "candidate", "seconds" }, rows = rows }
return base
