-- MagMax (arXiv 2407.06322): every element is that of the delta which is largest there; of equals that of the later expert.
--   x = b + lambda * d_i,  i = argmax |d_i|
local dppa = require "dppa.v1"
local abs, where = dppa.abs, dppa.where

return dppa.method {
  name = "magmax",
  summary = "MagMax: every element is that of the delta which is largest there.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = { { name = "lambda", default = 0.5, per = "tensor", help = "scale of the merged delta" } },
  returns = "a model",
  example = "magmax(base, { a, b }, { lambda = dppa.gradient { 0.4, 0.8 } })",
  run = function(base, deltas, o)
    local largest = deltas[1]
    for i = 2, #deltas do largest = where(abs(deltas[i]):ge(abs(largest)), deltas[i], largest) end
    return base + o.lambda * largest
  end,
}
