-- karcher: the mean of models on the sphere, tensor by tensor, with the weighted mean of their lengths.
--   u_i = x_i / |x_i|;   m, first the direction of sum(w_i u_i), goes along T = sum(w_i θ_i / sinθ_i (u_i - cosθ_i m)),
--   cosθ_i = <u_i, m>, until |T| < tol or max_iter steps are done;   x = m * sum(w_i |x_i|),  w_i shared out to 1
-- Every m is a sum c_1 u_1 + c_2 u_2 + … of the models, so the steps are of numbers: one reading, one writing.
-- Only a model of zeros has no direction; mergekit leaves out what is shorter than tol, and makes zeros of such tensors.
local dppa = require "dppa.v1"
local mergekit = require "dppa.mergekit"
local acos, clamp, cos, dot, norm, sin, sqrt, where =
  dppa.acos, dppa.clamp, dppa.cos, dppa.dot, dppa.norm, dppa.sin, dppa.sqrt, dppa.where

local function total(n, term)
  local sum = term(1)
  for i = 2, n do sum = sum + term(i) end
  return sum
end

local function list(n, f)
  local result = {}
  for i = 1, n do result[i] = f(i) end
  return result
end

return dppa.method {
  name = "karcher",
  summary = "The mean of models on the sphere (Karcher mean), tensor by tensor, with the mean of their lengths.",
  compat = "models shorter than tol have no direction, and angles below tol no pull. mergekit takes equal "
    .. "weights alone; its cosines are float32, which tell angles below 2e-4 from none only by chance.",
  arguments = { { name = "models", kind = "models" } },
  options = {
    { name = "weights", default = 1, min = 0, per = "expert", divides = true, help = "share of each model" },
    { name = "max_iter", kind = "count", default = 10, min = 0, max = 100, help = "steps at most" },
    { name = "tol", default = 1e-5, min = 0, help = "a step or an angle that is as good as none" },
  },
  returns = "a model",
  example = "karcher({ a, b }, { max_iter = 20 })",
  run = function(models, o)
    local is_mergekit = mergekit.is_single(o)
    local least = is_mergekit and o.tol or 0
    local n, share = #models, dppa.weight_sum(o.weights)
    local x = list(n, function(i) return dppa.weights(models[i]) end)
    local length = list(n, function(i) return norm(x[i], "tensor") end)
    local size = list(n, function(i) return where(length[i]:gt(least), length[i], 1) end)
    local gram = list(n, function(i)
      return list(i, function(j) return i == j and 1 or dot(x[i], x[j], "tensor") / (size[i] * size[j]) end)
    end)
    local function inner(a, i) return total(n, function(j) return a[j] * gram[math.max(i, j)][math.min(i, j)] end) end
    local function width(a) return sqrt(dppa.maximum(total(n, function(i) return a[i] * inner(a, i) end), 0)) end
    local function scaled(a, f) return list(n, function(i) return a[i] * f end) end

    -- Models without a length have no part in the direction.
    local part = list(n, function(i) return where(length[i]:gt(least), o.weights[i], 0) end)
    local all = total(n, function(i) return part[i] end)
    local w = scaled(part, where(all:gt(0), 1 / all, 0))
    local start, first, c = width(w), 1, {}
    for i = 1, n do
      c[i] = where(start:gt(o.tol), w[i] / start, where(w[i]:gt(0), first, 0))
      first = where(w[i]:gt(0), 0, first)
    end
    for _ = 1, o.max_iter do
      local cosine = list(n, function(i) return clamp(inner(c, i), -1, 1) end)
      local pull = list(n, function(i)
        local angle = acos(is_mergekit and dppa.round_to(cosine[i], "f32") or cosine[i])
        if is_mergekit then return w[i] * where(angle:lt(o.tol), 0, angle / sin(angle)) end
        return w[i] * where(sin(angle):gt(o.tol), angle / sin(angle), 1)
      end)
      local back = total(n, function(i) return pull[i] * cosine[i] end)
      local step = list(n, function(i) return pull[i] - back * c[i] end)
      local far = width(step)
      local moved = list(n, function(i) return c[i] * cos(far) + step[i] / far * sin(far) end)
      local unit = width(moved)
      c = list(n, function(i) return where(far:lt(o.tol), c[i], moved[i] / unit) end)
    end
    local long = total(n, function(i) return o.weights[i] / share * length[i] end)
    return dppa.as_model(total(n, function(i) return long * c[i] / size[i] * x[i] end), models[1])
  end,
}
