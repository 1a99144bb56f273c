-- TALL masks (arXiv 2405.07813): where an expert's delta is what a merged delta is made of.
--   m_i = |d_i| > threshold * |tau - d_i|
-- `base + where(masks[i], tau, 0)` is expert i again, but for what the merge has lost of it.
local dppa = require "dppa.v1"
local combine = require "dppa.combine"
local abs = dppa.abs

return dppa.method {
  name = "tall_masks",
  summary = "TALL masks: where each delta is what a merged delta is made of.",
  arguments = { { name = "deltas", kind = "experts" } },
  options = {
    {
      name = "threshold", default = 0.4, min = 0, per = "expert",
      help = "a delta is larger than this times what the merged one has besides it",
    },
    { name = "merged", kind = "delta", help = "the merged delta; left out: the sum" },
  },
  returns = "a list of masks",
  example = "local masks = tall_masks({ a - base, b - base }, { threshold = { 0.4, 0.3 } })",
  run = function(deltas, o)
    local merged, masks = o.merged or combine.sum(deltas), {}
    for i, delta in ipairs(deltas) do masks[i] = abs(delta):gt(o.threshold[i] * abs(merged - delta)) end
    return masks
  end,
}
