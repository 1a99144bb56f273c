-- DRM, decom-renorm-merge (arXiv 2505.23117): as KnOTS, but small coordinates are cut by their share of a direction, whatever its
-- strength: each row v of each V_i^T is looked at as v / |v|.
--   [d_1 … d_N] = U diag(s) [V_1^T … V_N^T], directions with s > cut s_1;  the drop smallest of all |v| / |v|, per tensor, go
--   x = b + lambda * U * (mean of s V_i^T over those that stay and have the elected sign);  side = "rows": all of it transposed
-- For the linears of blocks; all other tensors have the mean of the deltas.
local dppa = require "dppa.v1"
local combine, spectral = require "dppa.combine", require "dppa.spectral"
local abs, floor, transpose, where = dppa.abs, dppa.floor, dppa.transpose, dppa.where

local function nearest(x)  -- halves go to even numbers
  local up = floor(x + 0.5)
  return where((up - x):eq(0.5) & (up / 2):ne(floor(up / 2)), up - 1, up)
end

local function merge(parts, o)
  local u, s, vt = dppa.svd(dppa.hstack(parts), { tolerance = o.cut, precision = o.precision })
  local vs, units, xs = spectral.split(vt, #parts), {}, {}
  for i, v in ipairs(vs) do
    local length = dppa.norm(v, "row")
    units[i] = v / where(length:eq(0), 1, length)
  end
  local all = dppa.hstack(units)
  -- Of rows that are cut nothing counts: they are the smallest.
  local count = dppa.numel(all) / dppa.numel(s) * dppa.sum(where(s:gt(0), 1, 0), "tensor")
  local gone = count - nearest(count * (1 - o.drop))
  local least = where(gone:gt(0), dppa.kth(abs(all), dppa.numel(all) - count + gone - 1, "tensor"), 0)
  for i, v in ipairs(vs) do xs[i] = dppa.as_delta(where(abs(units[i]):ge(least), dppa.spread_rows(s, v) * v, 0)) end
  return dppa.matmul(u, combine.elect(xs))
end

return dppa.method {
  name = "drm",
  summary = "DRM: deltas merged by sign in common singular directions, after their coordinates were normalised and trimmed.",
  comparisons = "The paper finds it above TIES, DARE and KnOTS for whole models and adapters (ViT, DeBERTa, T5, Llama 3.1 8B).",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { name = "drop", default = 0.3, min = 0, max = 1, help = "share of all normalised coordinates of a tensor to cut" },
    { name = "cut", default = 0.01, min = 0, max = 1, help = "directions up to this times the largest singular value go" },
    {
      name = "side", default = "columns", choices = { "columns", "rows" },
      help = "deltas lie side by side, or one below the other, so that it is their rows that they share",
    },
    spectral.lambda(), spectral.precision,
  },
  returns = "a model",
  example = "drm(base, { a, b }, { drop = 0.5, side = \"rows\" })",
  run = function(base, deltas, o)
    return base + o.lambda * spectral.merge(deltas, { rule = function(parts)
      if o.side == "columns" then return merge(parts, o) end
      for i, part in ipairs(parts) do parts[i] = dppa.as_delta(transpose(part)) end
      return transpose(merge(parts, o))
    end })
  end,
}
