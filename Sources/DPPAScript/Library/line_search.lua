-- A search along one coordinate after the other, in the unit cube, without random numbers:
--   a step up and a step down; where one of them is better, on in that direction until it gets worse; where neither is, the
--   step of this coordinate is halved. It is done when all steps are below 1/1000.
--   ask()         the next points, nil when it is done
--   tell(values)  how good they are, larger is better
local dppa = require "dppa.v1"

return dppa.method {
  name = "line_search",
  summary = "A search along one coordinate of the unit cube after the other, with steps that are halved.",
  options = {
    { name = "start", kind = "list", of = "number", required = true, nonempty = true, min = 0, max = 1, help = "where it begins" },
    { name = "step", default = 0.25, min = 0.001, max = 1, help = "the first step of each coordinate" },
  },
  returns = "a table of functions: ask, tell",
  example = "local search = line_search { start = { 0.5, 0.5 } }; local points = search.ask()",
  run = function(o)
    local n, smallest = #o.start, 0.001
    local place, best, steps, coordinate, asked, direction, done = {}, nil, {}, 1, nil, nil, false
    for i, x in ipairs(o.start) do place[i], steps[i] = x, o.step end

    -- The point a step away; nil where the cube ends.
    local function moved(sign)
      local x = math.max(0, math.min(1, place[coordinate] + sign * steps[coordinate]))
      if x == place[coordinate] then return nil end
      local point = {}
      for i = 1, n do point[i] = place[i] end
      point[coordinate] = x
      return point
    end

    -- Goes to the next coordinate whose step is not below the smallest.
    local function turn()
      direction = nil
      for _ = 1, n do
        coordinate = coordinate % n + 1
        if steps[coordinate] >= smallest then return end
      end
      done = true
    end

    local state = {}
    function state.ask()
      if done then return nil end
      if not best then
        asked = { { point = place } }
      elseif direction then
        asked = { { point = moved(direction), sign = direction } }
      else
        asked = {}
        for _, sign in ipairs { 1, -1 } do
          local point = moved(sign)
          if point then asked[#asked + 1] = { point = point, sign = sign } end
        end
      end
      local points = {}
      for k, each in ipairs(asked) do points[k] = each.point end
      return points
    end

    function state.tell(values)
      if #values ~= #asked then error("line_search: there are " .. #values .. " values for " .. #asked .. " points") end
      if not best then
        best, coordinate = values[1], n
        turn()
        return
      end
      local found
      for k, each in ipairs(asked) do
        if values[k] > best then best, found = values[k], each end
      end
      if found then
        place, direction = found.point, found.sign
        if moved(direction) then return end
      elseif not direction then
        steps[coordinate] = steps[coordinate] / 2
      end
      turn()
    end

    return state
  end,
}
