-- The paper's comparison on the zoo: what pruning leaves of one expert, and what is left of several after merging.
-- Searching sees zoo/search alone, the tables zoo/eval alone. Every method has its coefficient searched by the same rule
-- on the same questions: base + c * what the method makes of the delta, c on a grid.
--   bench/paper_table        runs this and writes docs/results.md
local dppa = require "dppa.v1"
local dp = require "dppa.dp"
local dpa = require "dppa.dpa"
local dare = require "dppa.dare"
local objective = require "dppa.objective"
local search = require "dppa.search"
local ties = require "dppa.ties"

local domains = { "math", "finance", "law" }
local seeds = { 0, 1, 2 }
local base, experts, deltas, questions, exam = dppa.model "zoo/base", {}, {}, {}, {}
for index, domain in ipairs(domains) do
  experts[index] = dppa.model("zoo/" .. domain)
  deltas[index] = experts[index] - base
  questions[index], exam[index] = "zoo/search/" .. domain .. ".jsonl", "zoo/eval/" .. domain .. ".jsonl"
end

local function searched(name, candidate, judge, from, to)
  local found = search {
    name = name, strategy = "grid", parameters = { { name = "coefficient", min = from, max = to, step = 0.1 } },
    maximize = judge, candidate = function(p) return candidate(p.coefficient) end,
  }
  return candidate(found.parameters.coefficient), found.parameters.coefficient
end

-- 1. One domain.
local single = {}
local function graded(domain, method, rate, seed, coefficient, model)
  local score = dppa.score(model, { [domains[domain]] = exam[domain] }, { details = true })[domains[domain]]
  single[#single + 1] = { domains[domain], method, rate, seed, coefficient, score.value, score.standard_error, score.count }
end

local function pruned(delta, method, rate, seed)
  if method ~= "DARE" then
    return dp.prune(delta, { rate = rate, method = method == "DP" and "dp" or method == "OWL" and "owl" or "magnitude" })
  end
  return delta:apply(function(part)
    return dppa.where(part:bernoulli(1 - rate, { seed = seed }), part, 0) / (1 - rate)
  end)
end

local amplified = {}
for index, delta in ipairs(deltas) do
  graded(index, "base", 1, 0, 0, base)
  graded(index, "dense expert", 0, 0, 1, experts[index])
  local judge = objective(experts[index], questions[index])
  for _, rate in ipairs { 0.8, 0.9 } do
    for _, method in ipairs { "DARE", "magnitude", "OWL", "DP" } do
      for _, seed in ipairs(method == "DARE" and seeds or { 0 }) do
        local kept = pruned(delta, method, rate, seed)
        local name = domains[index] .. " " .. method .. " " .. rate .. " " .. seed
        graded(index, method, rate, seed, 1, base + kept)
        local model, coefficient = searched(name, function(c) return base + c * kept end, judge, 0.5, 3)
        graded(index, method .. ", coefficient searched", rate, seed, coefficient, model)
      end
    end
  end
  local amplify = dpa(delta)
  for _, take in ipairs { "rule", "best" } do
    local found = search {
      name = domains[index] .. " DPPA " .. take, strategy = "greedy", take = take, maximize = judge, budget = 200,
      parameters = { { name = "factor", start = { 1.8, 0 }, step = 0.1 } },
      candidate = function(p) return base + amplify(p.factor) end,
    }
    local factors = found.parameters.factor
    amplified[take] = amplified[take] or {}
    amplified[take][index] = amplify(factors)
    graded(index, "DPPA (" .. take .. ")", 0.8, 0, factors[1] .. " / " .. factors[2], base + amplified[take][index])
  end
end
dppa.report {
  name = "one domain", rows = single,
  columns = { "domain", "method", "rate", "seed", "coefficient", "score", "error", "n" },
}

-- 2. Merges.
local function pick(list, indices)
  local chosen = {}
  for k, index in ipairs(indices) do chosen[k] = list[index] end
  return chosen
end

local function sum(parts, c)
  local total
  for _, part in ipairs(parts) do total = total and total + c * part or c * part end
  return base + total
end

local methods = {
  { "task arithmetic", function(_, indices) return function(c) return sum(pick(deltas, indices), c) end end },
  { "TIES", function(_, indices)
    return function(c) return ties(base, pick(experts, indices), { density = 0.2, lambda = c }) end
  end },
  { "DARE", function(seed, indices)
    return function(c) return dare(base, pick(experts, indices), { rate = 0.8, lambda = c, seed = seed }) end
  end, random = true },
  { "DARE-TIES", function(seed, indices)
    local sparse = {}
    for k, index in ipairs(indices) do
      sparse[k] = dppa.where(deltas[index]:bernoulli(0.2, { seed = seed }), deltas[index], 0) / 0.2
    end
    return function(c) return ties(base, sparse, { density = 1, lambda = c }) end
  end, random = true },
  { "DP + task arithmetic", function(_, indices)
    local sparse = {}
    for k, index in ipairs(indices) do sparse[k] = dp.prune(deltas[index], { rate = 0.8 }) end
    return function(c) return sum(sparse, c) end
  end },
  { "DPPA + task arithmetic", function(_, indices)
    return function(c) return sum(pick(amplified.rule, indices), c) end
  end },
  { "DPPA (best) + task arithmetic", function(_, indices)
    return function(c) return sum(pick(amplified.best, indices), c) end
  end },
  { "DPPA + TIES", function(_, indices)
    return function(c) return ties(base, pick(amplified.rule, indices), { density = 1, lambda = c }) end
  end },
}

-- Several domains together: the geometric mean of what each keeps of its expert.
local merges = {}
for _, indices in ipairs { { 1, 2 }, { 1, 3 }, { 2, 3 }, { 1, 2, 3 } } do
  local names, tasks, judge = {}, {}, objective(pick(experts, indices), pick(questions, indices))
  for k, index in ipairs(indices) do
    names[k] = domains[index]
    tasks[domains[index]] = exam[index]
  end
  local title = table.concat(names, " + ")
  for _, method in ipairs(methods) do
    for _, seed in ipairs(method.random and seeds or { 0 }) do
      local model, coefficient = searched(title .. " " .. method[1] .. " " .. seed, method[2](seed, indices), judge, 0.1, 2)
      for domain, score in pairs(dppa.score(model, tasks, { details = true })) do
        merges[#merges + 1] = { title, method[1], seed, coefficient, domain, score.value, score.standard_error, score.count }
      end
    end
  end
end
dppa.report {
  name = "merges", rows = merges,
  columns = { "domains", "method", "seed", "coefficient", "domain", "score", "error", "n" },
}
return base
