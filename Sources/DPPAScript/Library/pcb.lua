-- PCB-Merging (arXiv 2410.02396): every element is a mean of the deltas, each weighted by how much it stands out in its own
-- delta and how far it goes along with the others; the elements of lowest weight go. Everything is measured over the model.
--   a_i  |d_i|, cut to its clip and 1 - clip quantiles;   u(x) = (x - min) / (max - min)
--   p_i  exp(N u(a_i)^2) * tanh(d_i * (d_1 + … + d_N));   s_i = u(p_i), cut from below to its 1 - density quantile
--   x = b + lambda * sum(s_i sign(d_i) a_i) / sum(s_i)
local dppa = require "dppa.v1"
local combine = require "dppa.combine"
local abs, exp, floor, kth, maximum, minimum, tanh, where =
  dppa.abs, dppa.exp, dppa.floor, dppa.kth, dppa.maximum, dppa.minimum, dppa.tanh, dppa.where

-- x from 0 at `low` to 1 at `high`; 0 where there is nothing between them.
local function share(x, low, high) return (x - low) / where(high:eq(low), 1, high - low) end

return dppa.method {
  name = "pcb",
  aliases = { "pcb_merging" },
  summary = "PCB-Merging: the mean of deltas, weighted element by element by how much they stand out and agree.",
  comparisons = "On eight vision tasks 76.3, TIES 72.4, task arithmetic 69.1 (ViT-B/32, arXiv 2503.08099); the paper finds "
    .. "lambda 1.2 to 1.9 best.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    {
      name = "density", default = 0.1, min = 0, max = 1, per = "expert", finest = "model",
      help = "share of a delta that has a weight",
    },
    { name = "clip", default = 1e-4, min = 0, max = 0.5, help = "share of the largest and of the smallest sizes to cut" },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
  },
  returns = "a model",
  example = "pcb(base, { a, b }, { density = 0.2, lambda = 1.4 })",
  run = function(base, deltas, o)
    local all, n, sum, weight = combine.sum(deltas), #deltas, nil, nil
    for i, delta in ipairs(deltas) do
      local size, count = abs(delta), dppa.numel(delta, "model")
      local low = kth(size, floor(count * o.clip), "model")
      local high = kth(size, floor(count * (1 - o.clip)) - 1, "model")
      local cut = maximum(minimum(size, high), low)
      local balance = exp(n * share(cut, low, high) ^ 2) * tanh(delta * all)
      local least = kth(balance, floor(count * (1 - o.density[i]) + 1e-6), "model")
      local one = share(maximum(balance, least), least, dppa.max(balance, "model"))
      local part = one * dppa.sign(delta) * cut
      sum, weight = sum and sum + part or part, weight and weight + one or one
    end
    return base + o.lambda * dppa.as_delta(sum / maximum(weight, 1e-12))
  end,
}
