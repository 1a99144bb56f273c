-- A recipe whose page has something of everything: <deltas>, a search, named values by layer, tensor and name, printed lines.
local dppa = require "dppa.v1"
local base = dppa.model(dppa.option { name = "base", default = "", help = "the base" })
local experts = dppa.models(dppa.option { name = "experts", default = {}, help = "the experts" })
local sum
for index, expert in ipairs(experts) do
  local delta = expert - base
  local label = dppa.label(expert)
  local size = dppa.abs(delta)
  local mask = dppa.top(size, 0.2 + 0.1 * index, "tensor")
  dppa.mean(mask, "tensor"):named(label .. " kept")
  local linears = delta:linears()
  dppa.mean(dppa.abs(linears), "layer"):named(label .. " size by layer")
  dppa.dot(linears, linears, "layer"):named("square (" .. label .. ")")
  dppa.count(linears:gt(0), "tensor"):named("positive elements of " .. label)
  dppa.mean(size, "model"):named(label .. " mean size")
  local kept = 0.9 * dppa.where(mask, delta, 0)
  sum = sum and sum + kept or kept
  local rows = {}
  for k = 1, 12 do
    local value = 0.3 + 0.06 * k - 0.005 * k * k
    rows[k] = { 1 + 0.1 * k, value - 0.1, 0.03, value, k == 9 and "taken" or "–", 0.25 }
  end
  dppa.report {
    name = "factors of " .. label, columns = { "factor 1", "law", "law ±", "objective", "taken", "seconds" }, rows = rows,
  }
end
dppa.report { name = "notes", columns = { "what", "number" }, rows = { { "a <b> & \"c\"", 1.5 }, { "none", -2 } } }
print("merged " .. #experts .. " experts, <b>not bold</b>")
return base + sum
