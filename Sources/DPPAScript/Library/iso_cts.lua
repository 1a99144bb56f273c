-- Iso-CTS (arXiv 2502.04959): Iso-C whose weakest common directions give way to the strongest of each expert.
--   k of r directions for each of N experts, the c = r - N k strongest of d_1 + … + d_N: U_c, V_c, s_c
--   k strongest of each d_i - U_c U_c^T d_i: U_i, V_i, s_i;   U = [U_1 … U_N U_c], V and s alike
--   x = b + lambda * mean(s) * polar(U) polar(V^T),   N k = round((r - floor(common r)) / N) N
-- For the linears of blocks; all other tensors have the mean of the deltas. Where k is 0 it is Iso-C.
local dppa = require "dppa.v1"
local combine, spectral = require "dppa.combine", require "dppa.spectral"
local hstack, matmul, polar, svd = dppa.hstack, dppa.matmul, dppa.polar, dppa.svd

local function nearest(x)  -- halves go to even numbers
  local low = math.floor(x)
  if x - low == 0.5 then return low % 2 == 0 and low or low + 1 end
  return math.floor(x + 0.5)
end

return dppa.method {
  name = "iso_cts",
  aliases = { "isocts" },
  summary = "Iso-CTS: equally strong directions, most of the sum of deltas, some of each expert alone.",
  comparisons = "On eight vision tasks a little above Iso-C (about 84 to 86, ViT-B/32); on language models often below task "
    .. "arithmetic (arXiv 2511.21437).",
  arguments = { { name = "base", kind = "model" }, { name = "experts", kind = "experts" } },
  options = {
    { name = "common", default = 0.8, min = 0, max = 1, help = "share of the directions that are the sum's" },
    spectral.lambda(), spectral.tolerance, spectral.precision,
  },
  returns = "a model",
  example = "iso_cts(base, { a, b }, { common = 0.6, lambda = 1.3 })",
  run = function(base, deltas, o)
    local n, cut = #deltas, { tolerance = o.tolerance, precision = o.precision }
    local function own(t)
      local r = math.min(t.shape[1], t.shape[2])
      return nearest((r - math.floor(r * o.common)) / n), r
    end
    return base + o.lambda * spectral.merge(deltas, { rule = function(parts)
      local all, us, ss, vts = combine.sum(parts), {}, {}, {}
      local k = dppa.per_tensor(all, function(t) return (own(t)) end)
      local c = dppa.per_tensor(all, function(t)
        local each, r = own(t)
        return math.max(r - n * each, 0)
      end)
      us[n + 1], ss[n + 1], vts[n + 1] = svd(all, { rank = c, tolerance = o.tolerance, precision = o.precision })
      for i, part in ipairs(parts) do
        local alone = part - matmul(us[n + 1], matmul(dppa.transpose(us[n + 1]), part))
        local u, s, vt = svd(alone, { rank = k, precision = o.precision })
        -- Where an expert has nothing of its own there is rounding alone.
        local has = s:gt(o.tolerance * dppa.max(ss[n + 1], "tensor"))
        us[i], ss[i] = dppa.where(dppa.spread_columns(has, u):gt(0), u, 0), dppa.where(has, s, 0)
        vts[i] = dppa.where(dppa.spread_rows(has, vt):gt(0), vt, 0)
      end
      return dppa.mean(hstack(ss), "tensor") * matmul(polar(hstack(us), cut), polar(dppa.vstack(vts), cut))
    end })
  end,
}
