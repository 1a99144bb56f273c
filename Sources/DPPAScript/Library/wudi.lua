-- WUDI-Merging (arXiv 2503.08099): the delta that gets least into the experts' way, taking the rows of each expert's delta for
-- what its inputs are like: the least of sum |(T - d_i) d_i^T|^2 / |d_i|^2.
--   G = sum(d_i^T d_i / |d_i|^2),  B = sum(d_i d_i^T d_i / |d_i|^2),  gradient 2 (T G - B);   x = b + lambda * T
--   steps  from T = d_1 + … + d_N, with Adam (0.9, 0.999, 1e-8) and the paper's few small steps
--   exact  T = B G^-1 on the range of G, and d_1 + … + d_N off it
-- For the linears of blocks; all other tensors have the mean of the deltas.
local dppa = require "dppa.v1"
local combine, spectral = require "dppa.combine", require "dppa.spectral"
local matmul, sqrt, transpose, where, whole = dppa.matmul, dppa.sqrt, dppa.transpose, dppa.where, dppa.whole

local function descend(t, g, b, o)
  local m, v
  for step = 1, o.steps do
    local gradient = 2 * (matmul(t, g) - b)
    m = whole(0.1 * gradient + (m and 0.9 * m or 0))
    v = whole(0.001 * gradient * gradient + (v and 0.999 * v or 0))
    local size = sqrt(v) / math.sqrt(1 - 0.999 ^ step) + 1e-8
    t = whole(t - o.rate / (1 - 0.9 ^ step) * m / size)
  end
  return t
end

return dppa.method {
  name = "wudi",
  aliases = { "wudi_merging" },
  summary = "WUDI: the delta that is least in the way of all experts, by descent from their sum or exactly.",
  comparisons = "On eight vision tasks 85.2, PCB 76.3, TIES 72.4, task arithmetic 69.1, joint training 88.9 (ViT-B/32).",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { name = "solver", default = "steps", choices = { "steps", "exact" }, help = "descent as in the paper, or the least itself" },
    { name = "steps", kind = "count", default = 300, min = 0, max = 2000, help = "steps of the descent" },
    { name = "rate", default = 1e-5, min = 0, help = "how far an element goes in a step at most, about; 2e-5 for language" },
    { name = "ridge", default = 0, min = 0, help = "what exact adds to G, times the mean of its diagonal" },
    spectral.lambda(), spectral.tolerance,
  },
  returns = "a model",
  example = "wudi(base, { a, b }, { solver = \"exact\", ridge = 0.01 })",
  run = function(base, deltas, o)
    return base + o.lambda * spectral.merge(deltas, { rule = function(parts)
      local g, b, start = nil, nil, combine.sum(parts)
      for _, part in ipairs(parts) do
        local square = dppa.dot(part, part, "tensor")
        local one = dppa.gram(part) / where(square:eq(0), 1, square)
        local two = matmul(part, one)
        g, b = g and g + one or one, b and b + two or two
      end
      g, b = whole(g), whole(b)
      if o.solver == "steps" then return descend(whole(start), g, b, o) end
      local left = b - matmul(start, g)
      return start + transpose(dppa.solve(g, transpose(left), { ridge = o.ridge, tolerance = o.tolerance }))
    end })
  end,
}
