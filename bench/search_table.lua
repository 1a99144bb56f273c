-- The strategies of dppa.search on the zoo, each with the same budget: what they reach on zoo/search while they go on, and what the
-- model that they take keeps on zoo/eval.
--   bench/search_table       runs this and writes its table into docs/results.md
local dppa = require "dppa.v1"
local objective, search, ties = require "dppa.objective", require "dppa.search", require "dppa.ties"

local budget = dppa.option { name = "budget", kind = "count", default = 20, min = 8, help = "candidates of each search" }
local seeds = dppa.option { name = "seeds", default = { 1, 2 }, of = "count", help = "seeds of what draws at random" }
local part = dppa.option { name = "part", default = 0.25, min = 0.05, max = 1, help = "of the questions of zoo/search" }

local base, experts, questions, exam = dppa.model "zoo/base", {}, {}, {}
for index, domain in ipairs { "math", "finance", "law" } do
  experts[index] = dppa.model("zoo/" .. domain)
  questions[index], exam[index] = "zoo/search/" .. domain .. ".jsonl", "zoo/eval/" .. domain .. ".jsonl"
end
local whole, examiner = objective(experts, questions), objective(experts, exam)
local function judge(models, share) return whole(models, share * part) end

local sum
for _, expert in ipairs(experts) do sum = sum and sum + (expert - base) or expert - base end

-- Two numbers that hang together; and a number for each of six layers and for what is in none, for what needs no steps. `grid` and
-- `greedy` are what those two need besides, chosen before any of them was run.
local problems = {
  {
    name = "TIES: density and lambda",
    ranges = { { name = "density", min = 0.05, max = 1 }, { name = "lambda", min = 0.3, max = 3, scale = "log" } },
    grid = { { name = "density", min = 0.25, max = 1, step = 0.25 }, { name = "lambda", min = 0.5, max = 2.5, step = 0.5 } },
    greedy = { { name = "density", start = 0.2, step = 0.1, max = 1 }, { name = "lambda", start = 1, step = 0.1 } },
    candidate = function(p) return ties(base, experts, { density = p.density, lambda = p.lambda }) end,
  },
  {
    name = "task arithmetic: a factor for each layer",
    ranges = { { name = "factor", min = 0, max = 2, count = 7 } },
    only = { line = true, sobol = true, cma = true },
    candidate = function(p)
      return base + dppa.per_tensor(sum, function(t) return p.factor[(t.layer or 6) + 1] end) * sum
    end,
  },
}

local strategies = {
  { name = "greedy" }, { name = "grid" }, { name = "line" }, { name = "random", draws = true }, { name = "sobol", draws = true },
  { name = "sobol, halving", strategy = "sobol", shares = { 0.5, 1 }, draws = true }, { name = "cma", draws = true },
}

-- The best objective of those asked everything, after so many candidates' worth of questions.
local function best_after(found, count)
  local spent, best = 0, nil
  for _, each in ipairs(found.candidates) do
    spent = spent + each.share
    if spent > count then break end
    if each.share == 1 and (not best or each.value > best) then best = each.value end
  end
  return best or "–"
end

local rows = {}
for _, problem in ipairs(problems) do
  for _, strategy in ipairs(strategies) do
    local parameters = problem[strategy.name] or problem.ranges
    if not problem.only or problem.only[strategy.name] then
      for _, seed in ipairs(strategy.draws and seeds or { 0 }) do
        local found = search {
          name = problem.name .. ": " .. strategy.name .. " " .. seed, parameters = parameters, candidate = problem.candidate,
          maximize = judge, strategy = strategy.strategy or strategy.name, shares = strategy.shares, budget = budget, seed = seed,
          take = "best",
        }
        local kept = examiner(problem.candidate(found.parameters))
        local is_halving = strategy.shares ~= nil
        rows[#rows + 1] = {
          problem.name, strategy.name, seed, #found.candidates, is_halving and "–" or best_after(found, budget // 4),
          is_halving and "–" or best_after(found, budget // 2), found.best.value, kept,
        }
      end
    end
  end
end
dppa.report {
  name = "strategies", rows = rows,
  columns = { "problem", "strategy", "seed", "candidates", "quarter", "half", "found", "kept" },
}
return base
