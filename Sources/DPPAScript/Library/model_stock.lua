-- Model Stock (arXiv 2403.19522): the mean of the experts, drawn towards the base the more their deltas differ in direction.
--   cos  mean over pairs of <d_i, d_j> / (|d_i| |d_j|);   t = N cos / (1 + (N - 1) cos);   x = b + t * mean(d_i)
-- t stays from 0 to 1, as deltas that point apart say nothing for going past the base; `extrapolate` lets it go, as in mergekit.
local dppa = require "dppa.v1"
local mergekit = require "dppa.mergekit"
local abs, clamp, dot, norm, where = dppa.abs, dppa.clamp, dppa.dot, dppa.norm, dppa.where

return dppa.method {
  name = "model_stock",
  summary = "Model Stock: the mean of the experts, drawn towards the base by the angle between their deltas.",
  comparisons = "On language models typically no better than the base, often worse (arXiv 2511.21437).",
  compat = "t may leave 0 to 1; products of norms are at least 1e-6, so that small deltas leave the base as it is.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    {
      name = "scope", default = "tensor", choices = { "tensor", "row" },
      help = "what has an angle of its own; row: mergekit's filter_wise",
    },
    { name = "extrapolate", default = false, mergekit = true, help = "whether t may leave 0 to 1" },
  },
  returns = "a model",
  example = "model_stock(base, { a, b }, { scope = \"row\" })",
  run = function(base, deltas, o)
    local is_mergekit = mergekit.is_single(o)
    local n, cosine, sum = #deltas, nil, deltas[1]
    if n < 2 then error("model_stock takes the angle between experts: give at least two") end
    for i = 2, n do
      sum = sum + deltas[i]
      for j = 1, i - 1 do
        local size = norm(deltas[i], o.scope) * norm(deltas[j], o.scope)
        if is_mergekit then size = dppa.maximum(size, 1e-6) end
        local each = where(size:eq(0), 0, clamp(dot(deltas[i], deltas[j], o.scope) / size, -1, 1))
        cosine = cosine and cosine + each or each
      end
    end
    cosine = cosine / (n * (n - 1) / 2)
    local below = 1 + (n - 1) * cosine
    local t = where(abs(below):le(1e-6), 0, n * cosine / below)
    if not o.extrapolate then t = where(cosine:le(0), 0, t) end
    return base + t * (sum / n)
  end,
}
