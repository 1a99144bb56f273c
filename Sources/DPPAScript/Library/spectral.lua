-- What methods that decompose matrices share: which tensors are matrices, and what becomes of the others.
--   merge     the merged delta: what a rule makes of the deltas' matrices, the linears of blocks; the mean of all else
--   matrices  the deltas on some tensors, with zeros where one of them lacks a tensor that others have
-- A rule gets the list of deltas and gives a field of their shapes, made with svd, matmul and what else works on whole tensors.
local dppa = require "dppa.v1"
local combine = require "dppa.combine"
local spectral = {}

function spectral.matrices(deltas, names, all)
  local parts, zero = {}, nil
  for i, delta in ipairs(deltas) do
    local has, own = {}, {}
    for _, tensor in ipairs(dppa.facts(delta)) do has[tensor.name] = true end
    for _, name in ipairs(names) do own[#own + 1] = has[name] and name or nil end
    if #own < #names then zero = zero or 0 * all:select(names) end
    parts[i] = #own == 0 and zero or #own < #names and delta:select(own) + zero or delta:select(own)
  end
  return parts
end

spectral.merge = dppa.method {
  name = "spectral.merge",
  summary = "One delta of several: what a rule makes of their matrices, the linears of blocks; the mean of all other tensors.",
  arguments = { { name = "deltas", kind = "experts" } },
  options = {
    { name = "rule", kind = "function", required = true, help = "from a list of deltas to a field of their shapes" },
    { name = "least", kind = "count", default = 1, min = 1, help = "matrices with a smaller side than this have the mean" },
  },
  returns = "a delta",
  example = "base + spectral.merge({ a - base, b - base }, { rule = function(d) return dppa.polar(d[1] + d[2]) end })",
  run = function(deltas, o)
    local all, names = combine.sum(deltas), {}
    for _, tensor in ipairs(dppa.facts(all:linears())) do
      local small = #tensor.shape == 2 and math.min(tensor.shape[1], tensor.shape[2]) < o.least
      if not small then names[#names + 1] = tensor.name end
    end
    local mean = all / #deltas
    if #names == 0 then return mean end
    return mean:apply(function()
      return dppa.as_delta(o.rule(spectral.matrices(deltas, names, all)))
    end, { on = names })
  end,
}

-- An option per tensor on the tensors of a part.
function spectral.on(part, x) return type(x) == "number" and x or dppa.per_tensor(part, x) end

-- sum(s_r u_r v_r^T) of other strengths s.
function spectral.compose(u, s, vt) return dppa.matmul(u * dppa.spread_columns(s, u), vt) end

-- The n parts of x with equal column counts; numbers that nothing but rounding has left are 0, so that they count for nothing.
function spectral.split(x, n)
  local parts, width = {}, dppa.per_tensor(x, function(t) return t.shape[2] // n end)
  for i = 1, n do
    local first = dppa.per_tensor(x, function(t) return (i - 1) * (t.shape[2] // n) + 1 end)
    local part = dppa.block(x, { columns = width, from_column = first })
    parts[i] = dppa.where(dppa.abs(part):gt(1e-12), part, 0)
  end
  return parts
end

-- What many of the methods take.
function spectral.lambda(default)
  return { name = "lambda", default = default or 1, per = "tensor", help = "scale of the merged delta" }
end
spectral.tolerance = {
  name = "tolerance", default = 1e-6, min = 0, max = 1,
  help = "directions whose singular value is at most this times the largest do not exist, as of adapters' deltas",
}
spectral.precision = {
  name = "precision", default = "f64", choices = { "f64", "f32" },
  help = "what matrices are decomposed in; f32 takes half the memory and time, and leaves five digits",
}

return spectral
