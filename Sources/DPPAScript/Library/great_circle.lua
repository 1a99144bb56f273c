-- The way from one vector to another along the great circle; nearly parallel ones, and nearly opposite ones, go straight.
--   sin((1-t)θ)/sinθ · a + sin(tθ)/sinθ · c,  cosθ = <a, c> / (|a| |c|);  |cosθ| > straight: (1-t) a + t c
-- A vector of norm 1e-8 or less has no direction: it is as good as at right angles to every other.
local dppa = require "dppa.v1"
local abs, acos, clamp, dot, norm, sin, where =
  dppa.abs, dppa.acos, dppa.clamp, dppa.dot, dppa.norm, dppa.sin, dppa.where

local function length(x, scope)
  local size = norm(x, scope)
  return where(size:gt(1e-8), size, 1)
end

return dppa.method {
  name = "great_circle",
  summary = "From one vector to another along the great circle.",
  arguments = {
    { name = "a", kind = "field" }, { name = "c", kind = "field" }, { name = "t", kind = "number", per = "tensor", help = "how far" },
  },
  options = {
    {
      name = "scope", default = "tensor", choices = { "tensor", "row", "column" }, help = "what is a vector",
    },
    { name = "cosine", kind = "field", set = false, help = "cosθ, where it is not the quotient of dot product and norms" },
    { name = "straight", default = 0.9995, min = 0, max = 1, help = "from which |cosθ| on the way is straight" },
  },
  returns = "a value, or a delta between deltas",
  example = "base + great_circle(a - base, b - base, 0.3, { scope = \"row\" })",
  run = function(a, c, t, o)
    local cosine = o.cosine or clamp(dot(a, c, o.scope) / (length(a, o.scope) * length(c, o.scope)), -1, 1)
    if o.scope == "tensor" then cosine:named "cosine" end
    local angle, straight = acos(cosine), abs(cosine):gt(o.straight)
    local from = where(straight, 1 - t, sin((1 - t) * angle) / sin(angle))
    local to = where(straight, t, sin(t * angle) / sin(angle))
    return from * a + to * c
  end,
}
