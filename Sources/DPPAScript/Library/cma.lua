-- CMA-ES: draws points from a normal distribution and moves it to where they did well, with steps and directions that it learns.
-- The strategy parameters and updates are those of Hansen, "The CMA Evolution Strategy: A Tutorial" (2016), with the better half
-- of each generation at falling positive weights. The covariance is kept as its Cholesky factor A, which rank-one updates change
-- (Krause, Arbonès and Igel, 2016), so that a generation of n numbers costs n^2 steps of each point.
--   ask()         the next generation, a list of points
--   tell(values)  how good they are, larger is better; of equal ones the earlier counts as better
--   mean(), deviation()   the centre, and the standard deviation of each coordinate
local dppa = require "dppa.v1"
local random = require "dppa.random"

-- A := the factor of A A^T + factor * v v^T.
local function update(A, factor, v)
  local n, x, root = #v, {}, math.sqrt(factor)
  for i = 1, n do x[i] = root * v[i] end
  for k = 1, n do
    local diagonal = A[k][k]
    local r = math.sqrt(diagonal * diagonal + x[k] * x[k])
    local c, s = r / diagonal, x[k] / diagonal
    A[k][k] = r
    for i = k + 1, n do
      local row = A[i]
      row[k] = (row[k] + s * x[i]) / c
      x[i] = c * x[i] - s * row[k]
    end
  end
end

-- A z, where A is a lower triangle.
local function times(A, z)
  local y = {}
  for i, row in ipairs(A) do
    local sum = 0
    for k = 1, i do sum = sum + row[k] * z[k] end
    y[i] = sum
  end
  return y
end

local function norm(v)
  local sum = 0
  for _, x in ipairs(v) do sum = sum + x * x end
  return math.sqrt(sum)
end

-- What depends on the number of coordinates and points alone, under the tutorial's names.
local function constants(n)
  local lambda = 4 + math.floor(3 * math.log(n))
  local weights, sum, squares = {}, 0, 0
  for i = 1, lambda // 2 do
    weights[i] = math.log((lambda + 1) / 2) - math.log(i)
    sum = sum + weights[i]
  end
  for i, weight in ipairs(weights) do
    weights[i] = weight / sum
    squares = squares + weights[i] * weights[i]
  end
  local mu = 1 / squares
  local c = {
    lambda = lambda, weights = weights, mu = mu,
    cumulation = (4 + mu / n) / (n + 4 + 2 * mu / n), step_cumulation = (mu + 2) / (n + mu + 5),
    rank_one = 2 / ((n + 1.3) ^ 2 + mu), length = math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
  }
  c.rank_mu = math.min(1 - c.rank_one, 2 * (mu - 2 + 1 / mu) / ((n + 2) ^ 2 + mu))
  c.damping = 1 + 2 * math.max(0, math.sqrt((mu - 1) / (n + 1)) - 1) + c.step_cumulation
  return c
end

return dppa.method {
  name = "cma",
  summary = "CMA-ES over lists of numbers: asks for the value of points, and learns from what it is told.",
  options = {
    { name = "mean", kind = "list", of = "number", required = true, nonempty = true, help = "where it begins" },
    { name = "deviation", default = 0.3, min = 1e-12, help = "the standard deviation of the first generation" },
    { name = "seed", kind = "count", default = 0, min = 0, max = 2 ^ 32, help = "of its random numbers" },
  },
  returns = "a table of functions: ask, tell, mean, deviation",
  example = "local search = cma { mean = { 0.5, 0.5 } }; local points = search.ask()",
  run = function(o)
    local n, draw = #o.mean, random { seed = o.seed }
    if n > 128 then error("cma: 'mean' has " .. n .. " numbers; at most 128 are taken, for the sake of its covariance") end
    local c = constants(n)
    local mean, sigma, generation, A, step_path, path = o.mean, o.deviation, 0, {}, {}, {}
    for i = 1, n do
      A[i], step_path[i], path[i] = {}, 0, 0
      for k = 1, i do A[i][k] = i == k and 1 or 0 end
    end
    local drawn, state = {}, {}

    function state.ask()
      local points = {}
      for p = 1, c.lambda do
        local z, point = {}, {}
        for i = 1, n do z[i] = draw.normal() end
        local y = times(A, z)
        for i = 1, n do point[i] = mean[i] + sigma * y[i] end
        drawn[p], points[p] = { z = z, y = y, order = p }, point
      end
      return points
    end

    -- The weighted mean of what the better half had drawn.
    local function weighted(name)
      local sum = {}
      for i = 1, n do
        sum[i] = 0
        for p, weight in ipairs(c.weights) do sum[i] = sum[i] + weight * drawn[p][name][i] end
      end
      return sum
    end

    function state.tell(values)
      if #values ~= #drawn then error("cma: there are " .. #values .. " values for " .. #drawn .. " points") end
      for p, value in ipairs(values) do drawn[p].value = value end
      table.sort(drawn, function(a, b)
        if a.value ~= b.value then return a.value > b.value end
        return a.order < b.order
      end)
      generation = generation + 1
      local z, y, moved = weighted "z", weighted "y", {}
      local cs, cc = c.step_cumulation, c.cumulation
      for i = 1, n do
        moved[i] = mean[i] + sigma * y[i]
        step_path[i] = (1 - cs) * step_path[i] + math.sqrt(cs * (2 - cs) * c.mu) * z[i]
      end
      mean = moved
      local length = norm(step_path)
      -- While the step size has yet to catch up, the path must not stretch the covariance.
      local settled = length / math.sqrt(1 - (1 - cs) ^ (2 * generation)) < (1.4 + 2 / (n + 1)) * c.length and 1 or 0
      for i = 1, n do path[i] = (1 - cc) * path[i] + settled * math.sqrt(cc * (2 - cc) * c.mu) * y[i] end
      local kept = 1 - c.rank_one - c.rank_mu + c.rank_one * (1 - settled) * cc * (2 - cc)
      for i = 1, n do
        for k = 1, i do A[i][k] = A[i][k] * math.sqrt(kept) end
      end
      update(A, c.rank_one, path)
      for p, weight in ipairs(c.weights) do update(A, c.rank_mu * weight, drawn[p].y) end
      sigma = sigma * math.exp(cs / c.damping * (length / c.length - 1))
      drawn = {}
    end

    function state.mean()
      local copy = {}
      for i, x in ipairs(mean) do copy[i] = x end
      return copy
    end

    function state.deviation()
      local result = {}
      for i, row in ipairs(A) do result[i] = sigma * norm(row) end
      return result
    end

    return state
  end,
}
