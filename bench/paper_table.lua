-- The paper's comparison: what pruning leaves of one expert, and what is left of several after merging.
-- Searching sees search/ alone, the tables eval/ alone. Every method has its coefficient searched by the same rule
-- on the same questions: base + c * what the method makes of the delta, c on a grid.
--   bench/paper_table        runs this on the zoo and writes docs/results.md
--   bench/smollm2_table      runs it on fine-tunes of SmolLM2
local dppa = require "dppa.v1"
local dp = require "dppa.dp"
local dpa = require "dppa.dpa"
local dare = require "dppa.dare"
local objective = require "dppa.objective"
local pruning = require "dppa.pruning"
local search = require "dppa.search"
local ties = require "dppa.ties"

local at = dppa.option { name = "at", default = "zoo/", help = "what stands before base, the experts' names, search and eval" }
local methods = dppa.option {
  name = "methods", default = { "DARE", "magnitude", "OWL", "DP" }, of = "text",
  help = "that prune one expert; Wanda is the other that there is",
}
local dppa_rates = dppa.option { name = "dppa_rates", default = { 0.8 }, min = 0, max = 1, help = "what DPPA drops, in tables" }
local smallest = dppa.option { name = "smallest", kind = "count", default = 2, min = 2, max = 3, help = "of how many experts merges are" }
local part = dppa.option { name = "part", default = 1, min = 0.05, max = 1, help = "of the questions of search/ that are asked" }
local step = dppa.option { name = "step", default = 0.1, min = 0.01, help = "between two coefficients of one expert" }
local merge_step = dppa.option { name = "merge_step", default = 0.1, min = 0.01, help = "between two coefficients of a merge" }
local merge_most = dppa.option { name = "merge_most", default = 2, min = 0.1, help = "the largest coefficient of a merge" }
local seeds = dppa.option { name = "seeds", default = { 0, 1, 2 }, of = "count", help = "of what draws at random" }

local domains = { "math", "finance", "law" }
local base, experts, deltas, questions, exam = dppa.model(at .. "base"), {}, {}, {}, {}
for index, domain in ipairs(domains) do
  experts[index] = dppa.model(at .. domain)
  deltas[index] = experts[index] - base
  questions[index], exam[index] = at .. "search/" .. domain .. ".jsonl", at .. "eval/" .. domain .. ".jsonl"
end

local function judged(dense, tasks)
  local whole = objective(dense, tasks)
  return function(models, share) return whole(models, share * part) end
end

local function searched(name, candidate, judge, from, to, by)
  local found = search {
    name = name, strategy = "grid", parameters = { { name = "coefficient", min = from, max = to, step = by } },
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

-- Wanda's rule on a delta: of each output what is largest by size times the norm of its input, as the expert reads its own questions.
local norms = {}
local function wanda(index, rate)
  norms[index] = norms[index] or dppa.activations(experts[index], questions[index]).norm
  return deltas[index]:apply(function(part)
    local names = {}
    for k, tensor in ipairs(dppa.facts(part)) do names[k] = tensor.name end
    local score = dppa.abs(part) * dppa.spread_columns(norms[index]:select(names), part)
    return pruning.by_row(part, score, { keep = 0, sparsity = rate })
  end)
end

local presets = { magnitude = "magnitude", OWL = "owl", DP = "dp" }
local function pruned(index, method, rate, seed)
  if method == "Wanda" then return wanda(index, rate) end
  if method == "DARE" then
    return deltas[index]:apply(function(part)
      return dppa.where(part:bernoulli(1 - rate, { seed = seed }), part, 0) / (1 - rate)
    end)
  end
  if not presets[method] then error("methods: there is no '" .. method .. "'; there are DARE, magnitude, OWL, DP, Wanda") end
  return dp.prune(deltas[index], { rate = rate, method = presets[method] })
end

-- The inner half of what DPPA keeps has a factor of its own, as in the paper: rates 0.9 and 0.8.
local amplified = {}
local function amplify(index, rate, take, judge)
  local partitions = dpa(deltas[index], { rates = { (1 + rate) / 2, rate } })
  local found = search {
    name = domains[index] .. " DPPA " .. take .. (rate ~= dppa_rates[1] and " " .. rate or ""), strategy = "greedy", take = take,
    maximize = judge, budget = 200, parameters = { { name = "factor", start = { 1.8, 0 }, step = 0.1 } },
    candidate = function(p) return base + partitions(p.factor) end,
  }
  return partitions(found.parameters.factor), found.parameters.factor
end

for index in ipairs(deltas) do
  graded(index, "base", 1, 0, 0, base)
  graded(index, "dense expert", 0, 0, 1, experts[index])
  local judge = judged(experts[index], questions[index])
  for _, rate in ipairs { 0.8, 0.9 } do
    for _, method in ipairs(methods) do
      for _, seed in ipairs(method == "DARE" and seeds or { 0 }) do
        local kept = pruned(index, method, rate, seed)
        local name = domains[index] .. " " .. method .. " " .. rate .. " " .. seed
        graded(index, method, rate, seed, 1, base + kept)
        local model, coefficient = searched(name, function(c) return base + c * kept end, judge, 0.5, 3, step)
        graded(index, method .. ", coefficient searched", rate, seed, coefficient, model)
      end
    end
  end
  for _, rate in ipairs(dppa_rates) do
    amplified[rate] = amplified[rate] or { rule = {}, best = {} }
    for _, take in ipairs { "rule", "best" } do
      local delta, factors = amplify(index, rate, take, judge)
      amplified[rate][take][index] = delta
      graded(index, "DPPA (" .. take .. ")", rate, 0, factors[1] .. " / " .. factors[2], base + delta)
    end
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

local kinds = {
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
}
for place, rate in ipairs(dppa_rates) do
  local named, sparse = place == 1 and "DPPA" or "DPPA at " .. rate, amplified[rate]
  kinds[#kinds + 1] = { named .. " + task arithmetic", function(_, indices)
    return function(c) return sum(pick(sparse.rule, indices), c) end
  end }
  kinds[#kinds + 1] = { named .. " (best) + task arithmetic", function(_, indices)
    return function(c) return sum(pick(sparse.best, indices), c) end
  end }
  kinds[#kinds + 1] = { named .. " + TIES", function(_, indices)
    return function(c) return ties(base, pick(sparse.rule, indices), { density = 1, lambda = c }) end
  end }
end

-- Several domains together: the geometric mean of what each keeps of its expert.
local merges = {}
local together = { { 1, 2, 3 } }
if smallest == 2 then together = { { 1, 2 }, { 1, 3 }, { 2, 3 }, { 1, 2, 3 } } end
for _, indices in ipairs(together) do
  local names, tasks, judge = {}, {}, judged(pick(experts, indices), pick(questions, indices))
  for k, index in ipairs(indices) do
    names[k] = domains[index]
    tasks[domains[index]] = exam[index]
  end
  local title = table.concat(names, " + ")
  for _, method in ipairs(kinds) do
    for _, seed in ipairs(method.random and seeds or { 0 }) do
      local name = title .. " " .. method[1] .. " " .. seed
      local model, coefficient = searched(name, method[2](seed, indices), judge, 0.1, merge_most, merge_step)
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
