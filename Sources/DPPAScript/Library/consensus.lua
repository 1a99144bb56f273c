-- Consensus merging (arXiv 2405.07813): of a merged delta stays what at least two experts need; what only one of them needs,
-- or none, goes. What an expert needs is its TALL mask (dppa.tall_masks).
--   x = b + lambda * where(m_1 + … + m_N >= agree, tau, 0),  m_i = |d_i| > threshold * |tau - d_i|
local dppa = require "dppa.v1"
local combine, tall_masks = require "dppa.combine", require "dppa.tall_masks"
local where = dppa.where

return dppa.method {
  name = "consensus",
  aliases = { "consensus_ta" },
  summary = "Consensus merging: of the sum of deltas, or a merged delta, stays what several experts need.",
  comparisons = "On eight vision tasks 73.6, TIES 72.4, task arithmetic 69.1 (ViT-B/32, arXiv 2503.08099).",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    {
      name = "threshold", default = 0.4, min = 0, per = "expert",
      help = "an expert needs elements in which its delta is larger than this times what is merged besides it",
    },
    { name = "agree", kind = "count", default = 2, min = 0, help = "how many experts must need an element; 0: all stay" },
    { name = "lambda", default = 1, per = "tensor", help = "scale of the merged delta" },
    { of = combine.sum, except = { "normalize" } },
    {
      name = "merged", kind = "delta", set = false,
      help = "what is thinned, such as ties(base, experts) - base; left out: the weighted sum",
    },
  },
  returns = "a model",
  example = "consensus(base, { a, b }, { threshold = { 0.3, 0.5 }, lambda = 0.5 })",
  run = function(base, deltas, o)
    local merged, needed = o.merged or combine.sum(deltas, { weights = o.weights }), nil
    for _, mask in ipairs(tall_masks(deltas, { threshold = o.threshold, merged = merged })) do
      local one = where(mask, 1, 0)
      needed = needed and needed + one or one
    end
    return base + o.lambda * where(needed:ge(o.agree), merged, 0)
  end,
}
