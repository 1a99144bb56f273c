-- Random numbers of a seed for what decides a recipe's course, such as a search; random fields are x:uniform and x:bernoulli.
--   bits()     64 bits, by SplitMix64 (Steele, Lea and Flood, 2014)
--   uniform()  their upper 53 as a number from 0 up to and without 1
--   normal()   of mean 0 and variance 1, by Marsaglia's polar method
local dppa = require "dppa.v1"

return dppa.method {
  name = "random",
  summary = "A stream of random numbers: the same for a seed, every time and everywhere.",
  options = {
    { name = "seed", kind = "count", default = 0, min = 0, max = 2 ^ 32, help = "another one gives other numbers" },
  },
  returns = "a table of functions: bits, uniform, normal",
  example = "local draw = random { seed = 1 }; local factor = 0.5 + draw.uniform()",
  run = function(o)
    local draw, state, spare = {}, math.tointeger(o.seed), nil

    function draw.bits()
      state = state + 0x9E3779B97F4A7C15
      local z = state
      z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
      z = (z ~ (z >> 27)) * 0x94D049BB133111EB
      return z ~ (z >> 31)
    end

    function draw.uniform() return (draw.bits() >> 11) * 0x1p-53 end

    function draw.normal()
      if spare then
        local value = spare
        spare = nil
        return value
      end
      local x, y, square
      repeat
        x, y = 2 * draw.uniform() - 1, 2 * draw.uniform() - 1
        square = x * x + y * y
      until square > 0 and square < 1
      local length = math.sqrt(-2 * math.log(square) / square)
      spare = y * length
      return x * length
    end

    return draw
  end,
}
