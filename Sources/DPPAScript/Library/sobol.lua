-- Sobol's sequence: points that fill the unit cube evenly, whatever their number; its first 2^k points most evenly.
-- Direction numbers are new-joe-kuo-6.21201 (Joe and Kuo, 2008), the order is Antonov and Saleev's, of 30 bits, as SciPy has it.
-- A seed shifts every coordinate by random bits (x xor s), which keeps the evenness; without one the first point is 0.
local dppa = require "dppa.v1"
local random = require "dppa.random"

-- Of each dimension but the first: the inner coefficients of its polynomial as bits, and the first odd numbers.
local directions = {
  { 0, 1 }, { 1, 1, 3 }, { 1, 1, 3, 1 }, { 2, 1, 1, 1 }, { 1, 1, 1, 3, 3 }, { 4, 1, 3, 5, 13 }, { 2, 1, 1, 5, 5, 17 },
  { 4, 1, 1, 5, 5, 5 }, { 7, 1, 1, 7, 11, 19 }, { 11, 1, 1, 5, 1, 1 }, { 13, 1, 1, 1, 3, 11 }, { 14, 1, 3, 5, 5, 31 },
  { 1, 1, 3, 3, 9, 7, 49 }, { 13, 1, 1, 1, 15, 21, 21 }, { 16, 1, 3, 1, 13, 27, 49 }, { 19, 1, 1, 1, 15, 7, 5 },
  { 22, 1, 3, 1, 15, 13, 25 }, { 25, 1, 1, 5, 5, 19, 61 }, { 1, 1, 3, 7, 11, 23, 15, 103 },
  { 4, 1, 3, 7, 13, 13, 15, 69 }, { 7, 1, 1, 3, 13, 7, 35, 63 }, { 8, 1, 3, 5, 9, 1, 25, 53 },
  { 14, 1, 3, 1, 13, 9, 35, 107 }, { 19, 1, 3, 1, 5, 27, 61, 31 }, { 21, 1, 1, 5, 11, 19, 41, 61 },
  { 28, 1, 3, 5, 3, 3, 13, 69 }, { 31, 1, 1, 7, 13, 1, 19, 1 }, { 32, 1, 3, 7, 5, 13, 19, 59 },
  { 37, 1, 1, 3, 9, 25, 29, 41 }, { 41, 1, 3, 5, 13, 23, 1, 55 }, { 42, 1, 3, 7, 3, 13, 59, 17 },
}
local bits = 30

-- The numbers v_1, v_2, … of a dimension, scaled to 30 bits.
local function numbers(dimension)
  local v, own = {}, directions[dimension - 1]
  if not own then
    for k = 1, bits do v[k] = 1 << (bits - k) end
    return v
  end
  local degree, coefficients = #own - 1, own[1]
  for k = 1, bits do
    if k <= degree then
      v[k] = own[k + 1] << (bits - k)
    else
      v[k] = v[k - degree] ~ (v[k - degree] >> degree)
      for j = 1, degree - 1 do
        if (coefficients >> (degree - 1 - j)) & 1 == 1 then v[k] = v[k] ~ v[k - j] end
      end
    end
  end
  return v
end

return dppa.method {
  name = "sobol",
  summary = "Points that fill the unit cube evenly: Sobol's sequence, shifted by a seed.",
  options = {
    { name = "dimensions", kind = "count", required = true, min = 1, max = #directions + 1, help = "how many numbers a point has" },
    { name = "seed", kind = "count", min = 0, max = 2 ^ 32, help = "of the shift; without one there is none" },
  },
  returns = "a function that gives the next point, a list of numbers from 0 up to and without 1",
  example = "local point = sobol { dimensions = 2, seed = 1 }; local first, second = point(), point()",
  run = function(o)
    local columns, state, count = {}, {}, 0
    local draw = o.seed and random { seed = o.seed }
    for d = 1, o.dimensions do
      columns[d] = numbers(d)
      state[d] = draw and draw.bits() >> (64 - bits) or 0
    end
    return function()
      local point, zero, rest = {}, 1, count
      for d, x in ipairs(state) do point[d] = x * 0x1p-30 end
      while rest & 1 == 1 do zero, rest = zero + 1, rest >> 1 end
      count = count + 1
      for d, x in ipairs(state) do state[d] = x ~ columns[d][zero] end
      return point
    end
  end,
}
