-- Localize-and-Stitch without data (arXiv 2408.13656): of each delta the largest elements of the whole model stay; where those
-- of several experts meet, their mean is taken. There is no scale to find.
--   x = b + sum(m_i d_i) / max(sum(m_i), 1),  m_i: the density * n largest |d_i| of the n elements inside blocks
-- Embeddings, final norm and head are the base's, as published. Exactly as many elements stay as density says; the authors'
-- program, which takes what is larger than the last of them, keeps one less.
local dppa = require "dppa.v1"
local abs, floor, maximum, numel, where = dppa.abs, dppa.floor, dppa.maximum, dppa.numel, dppa.where

return dppa.method {
  name = "localize_and_stitch",
  summary = "Localize-and-Stitch: the largest elements of each delta over the whole model, and their mean where they meet.",
  comparisons = "MergeBench (arXiv 2505.10833) takes density 0.1 for five domain experts of 2 to 9 B.",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    {
      name = "density", default = 0.05, min = 0, max = 1, per = "expert", finest = "model",
      help = "share of a delta to keep",
    },
    {
      name = "outside", default = "drop", choices = { "drop", "localize" },
      help = "what becomes of changes outside blocks: embeddings, final norm, head",
    },
  },
  returns = "a model",
  example = "localize_and_stitch(base, { a, b }, { density = { 0.1, 0.05 } })",
  run = function(base, deltas, o)
    local function counts(t) return (o.outside == "localize" or t.layer) and 1 or 0 end
    local sum, meeting
    for i, delta in ipairs(deltas) do
      local part = dppa.per_tensor(delta, counts)
      local kept = floor(o.density[i] * dppa.sum(part * numel(delta), "model") + 1e-6)
      local mask = dppa.top(part * abs(delta), { count = kept }, "model") & part:gt(0)
      local one, stitch = where(mask, 1, 0), where(mask, delta, 0)
      sum, meeting = sum and sum + stitch or stitch, meeting and meeting + one or one
    end
    return base + sum / maximum(meeting, 1)
  end,
}
