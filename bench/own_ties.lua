-- TIES as somebody who does not know the shipped one would write it: the language alone, no module. What it writes is, byte
-- for byte, what recipes/ties.lua writes; `make bench` times the two beside each other.
local dppa = require "dppa.v1"
local abs, sign, top, where = dppa.abs, dppa.sign, dppa.top, dppa.where

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
local density = dppa.option { name = "density", default = 0.2, min = 0, max = 1, help = "share of each delta to keep" }

local trimmed, total = {}, nil
for i, expert in ipairs(experts) do
  local delta = expert - base
  trimmed[i] = where(top(abs(delta), density, "tensor"), delta, 0)
  total = total and total + trimmed[i] or trimmed[i]
end

local elected = where(total:ge(0), 1, -1)
local sum, votes
for _, delta in ipairs(trimmed) do
  local agrees = sign(delta):eq(elected)
  local part, vote = where(agrees, delta, 0), where(agrees, 1, 0)
  sum, votes = sum and sum + part or part, votes and votes + vote or vote
end
return base + sum / where(votes:eq(0), 1, votes)
