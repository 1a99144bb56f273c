-- What this recipe does, in a sentence: `dppa-run help NAME.lua` shows this comment and the options.
--   dppa-run run NAME.lua --out merged --set base=path/to/base --set experts=path/to/a,path/to/b
local dppa = require "dppa.v1"
local abs, top, where = dppa.abs, dppa.top, dppa.where

-- Models. A path in a recipe stays in the recipe's folder; what --set gives may be anywhere.
local base, experts = dppa.inputs { base = "base", experts = { "expert" } }
local density = dppa.option { name = "density", default = 0.2, min = 0, max = 1, help = "share of each delta to keep" }

-- A rule is a formula for every tensor at once: keep the largest changes of each linear, and all changes of the rest.
local function rule(delta)
  return where(top(abs(delta), density, "tensor"), delta, 0)
end

local sum
for _, expert in ipairs(experts) do
  local delta = expert - base
  local kept = delta:apply(rule, { rest = "keep" })
  -- Named values are in the run's JSON and in the model card.
  dppa.mean(abs(kept - delta), "model"):named("lost of " .. (dppa.label(expert) or "expert"))
  sum = sum and sum + kept or kept
end
return base + sum
