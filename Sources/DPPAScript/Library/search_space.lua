-- What a search may change: parameters with their ranges, and the way from a point of the unit cube to their values.
--   { name = "density", min = 0.1, max = 0.9 }               a number
--   { name = "lambda", min = 0.1, max = 10, scale = "log" }  a number of which every doubling is as likely
--   { name = "keep", kind = "count", min = 1, max = 8 }      a whole number
--   { name = "vote", choices = { "weighted", "majority" } } one of some texts, numbers or booleans
--   { name = "layers", min = 0.5, max = 1.5, count = 6 }     a list of numbers, such as one for each layer or expert
-- A number is rounded to about 1/10000 of its range, on a log scale to 4 digits, so that a recipe or --set can say it; with a step
-- it is min, min + step, and so on.
local dppa = require "dppa.v1"
local search_space = {}

local function bad(o, text) error("search_space.parameter: '" .. o.name .. "' " .. text) end

-- The decimals of some numbers, so that 1.8 + 0.1 is 1.9 and nothing else.
local function decimals(numbers)
  local count, scale = 0, 1
  for _, number in ipairs(numbers) do
    while scale < 1e9 and math.abs(number * scale - math.floor(number * scale + 0.5)) > 1e-6 do
      count, scale = count + 1, scale * 10
    end
  end
  return count
end

local function each(x) return type(x) == "table" and x or { x } end

local function check_choices(o)
  for _, name in ipairs { "min", "max", "step" } do
    if o[name] then bad(o, "has choices, so '" .. name .. "' has nothing to say") end
  end
  if o.kind == "count" or o.scale == "log" then bad(o, "has choices, so 'kind' and 'scale' have nothing to say") end
  if #o.choices < 2 then bad(o, "has " .. #o.choices .. " choice; a search needs several") end
  for _, choice in ipairs(o.choices) do
    if type(choice) ~= "string" and type(choice) ~= "number" and type(choice) ~= "boolean" then
      bad(o, "has a " .. type(choice) .. " among its choices; they are texts, numbers or booleans")
    end
  end
end

local function check_range(o)
  if o.min and o.max and o.min >= o.max then bad(o, "has nothing between min " .. o.min .. " and max " .. o.max) end
  if not (o.min and o.max) and not (o.start and o.step) then
    bad(o, "needs min and max; for the greedy strategy start and step may stand alone")
  end
  if o.scale == "log" then
    if not o.min or not o.max or o.min <= 0 then bad(o, "has a log scale, for which min must be above 0") end
    if o.step then bad(o, "has a log scale and a step; one of them must go") end
  end
  if o.kind == "count" then
    o.step = o.step or o.scale == "linear" and 1 or nil
    for _, name in ipairs { "min", "max", "step" } do
      if o[name] and o[name] ~= math.floor(o[name]) then bad(o, "is a count, and its '" .. name .. "' is " .. o[name]) end
    end
  end
  if o.step and o.min and o.max and o.step > o.max - o.min then
    bad(o, "has a step of " .. o.step .. ", which is more than from min " .. o.min .. " to max " .. o.max)
  end
end

local function check_start(o)
  if o.start == nil then return end
  local starts = each(o.start)
  if #starts == 1 and o.count then
    for k = 2, o.count do starts[k] = starts[1] end
  end
  if #starts ~= (o.count or #starts) then bad(o, "is a list of " .. o.count .. ", and its start has " .. #starts) end
  if type(o.start) == "table" then o.count = #starts end
  for _, value in ipairs(starts) do
    local fits = false
    for _, choice in ipairs(o.choices or {}) do fits = fits or choice == value end
    if not o.choices then
      if type(value) ~= "number" then bad(o, "has a start that is a " .. type(value) .. "; it must be a number") end
      fits = not (o.min and value < o.min) and not (o.max and value > o.max)
    end
    if not fits then bad(o, "starts at " .. tostring(value) .. ", which is outside of what it may be") end
  end
  o.start = starts
end

search_space.parameter = dppa.method {
  name = "search_space.parameter",
  summary = "Checks one parameter of a search, and fills in what follows from what it says.",
  options = {
    { name = "name", kind = "text", required = true, help = "what its value is called" },
    { name = "kind", default = "number", choices = { "number", "count" }, help = "count: whole numbers" },
    { name = "min", kind = "number", help = "the smallest value" },
    { name = "max", kind = "number", help = "the largest value" },
    { name = "choices", kind = "list", help = "in place of a range: the values, in any order" },
    { name = "scale", default = "linear", choices = { "linear", "log" }, help = "log: every doubling is as likely" },
    { name = "step", kind = "number", min = 1e-6, help = "what values are apart, on a grid and elsewhere" },
    { name = "start", kind = "any", help = "the first value, or a list of them; otherwise the middle" },
    { name = "count", kind = "count", min = 1, max = 1000, help = "makes it a list of so many" },
  },
  returns = "a table",
  example = "local density = search_space.parameter { name = \"density\", min = 0.1, max = 0.9 }",
  run = function(o)
    if o.choices then check_choices(o) else check_range(o) end
    check_start(o)
    o.cells = o.choices and #o.choices
    if o.step and o.min and o.max then o.cells = math.floor((o.max - o.min) / o.step + 1 + 1e-9) end
    if o.step then
      o.decimals = decimals { o.step, o.min or 0, table.unpack(o.start or {}) }
    elseif o.min and o.max then
      o.decimals = math.max(0, math.ceil(4 - math.log(o.max - o.min, 10) - 1e-9))
    end
    return o
  end,
}

-- A number with the decimals of its parameter.
function search_space.rounded(p, x)
  if p.kind == "count" then return math.tointeger(math.floor(x + 0.5)) end
  if p.scale == "log" then return tonumber(string.format("%.4g", x)) + 0.0 end
  return tonumber(string.format("%." .. p.decimals .. "f", x)) + 0.0
end

-- The value in a cell, from 0: a choice, or min + cell * step.
local function in_cell(p, cell)
  if p.choices then return p.choices[cell + 1] end
  return search_space.rounded(p, p.min + cell * p.step)
end

-- The value at a place of the unit interval, and the place of a value.
local function value_at(p, u)
  if p.cells and p.scale == "linear" then return in_cell(p, math.min(p.cells - 1, math.floor(u * p.cells))) end
  local x = p.scale == "log" and p.min * (p.max / p.min) ^ u or p.min + u * (p.max - p.min)
  return search_space.rounded(p, math.max(p.min, math.min(p.max, search_space.rounded(p, x))))
end

local function place_of(p, value)
  if p.choices then
    for index, choice in ipairs(p.choices) do
      if choice == value then return (index - 0.5) / p.cells end
    end
  end
  if p.scale == "log" then return math.log(value / p.min) / math.log(p.max / p.min) end
  if p.cells then return math.min(1, (math.floor((value - p.min) / p.step + 0.5) + 0.5) / p.cells) end
  return (value - p.min) / (p.max - p.min)
end

local function shown(value) return type(value) == "number" and string.format("%.12g", value) or tostring(value) end

-- Names that the table of a search needs for itself.
local reserved = { objective = true, share = true, front = true, taken = true, seconds = true }

-- The space of a list of parameters:
--   coordinates    one for each number or choice: its parameter, its index in a list, its start
--   point_of_start where a search begins in the unit cube
--   values(point)  the parameters' values by name, at a point of the unit cube
--   assemble(list) the same of a list with one value for each coordinate
--   flat(values)   that list again
--   text(values)   what messages call it
function search_space.of(declarations)
  local space, seen = { coordinates = {}, columns = {} }, {}
  for _, declaration in ipairs(declarations) do
    if type(declaration) ~= "table" then
      error("search: a parameter is a table such as { name = \"density\", min = 0.1, max = 0.9 }; one is a " .. type(declaration))
    end
    local p = search_space.parameter(declaration)
    if seen[p.name] then error("search: two parameters have the name '" .. p.name .. "'") end
    if reserved[p.name] then error("search: no parameter can be called '" .. p.name .. "', as its table has a column of that name") end
    seen[p.name] = true
    for k = 1, p.count or 1 do
      space.coordinates[#space.coordinates + 1] = { parameter = p, index = p.count and k, start = p.start and p.start[k] }
      space.columns[#space.columns + 1] = p.count and p.name .. " " .. k or p.name
    end
  end

  function space.assemble(list)
    local values = {}
    for k, coordinate in ipairs(space.coordinates) do
      local name = coordinate.parameter.name
      if coordinate.index then
        values[name] = values[name] or {}
        values[name][coordinate.index] = list[k]
      else
        values[name] = list[k]
      end
    end
    return values
  end

  function space.flat(values)
    local list = {}
    for k, coordinate in ipairs(space.coordinates) do
      local value = values[coordinate.parameter.name]
      if coordinate.index then value = value[coordinate.index] end
      list[k] = value
    end
    return list
  end

  function space.values(point)
    local list = {}
    for k, coordinate in ipairs(space.coordinates) do list[k] = value_at(coordinate.parameter, point[k]) end
    return space.assemble(list)
  end

  function space.point_of_start()
    local point, is_given = {}, false
    for k, coordinate in ipairs(space.coordinates) do
      is_given = is_given or coordinate.start ~= nil
      point[k] = coordinate.start == nil and 0.5 or place_of(coordinate.parameter, coordinate.start)
    end
    return point, is_given
  end

  function space.text(values)
    local words, last = {}, nil
    for k, value in ipairs(space.flat(values)) do
      local name = space.coordinates[k].parameter.name
      words[#words + 1] = (name == last and "" or (last and ", " or "") .. name) .. " " .. shown(value)
      last = name
    end
    return table.concat(words)
  end

  -- Every combination, the last coordinate fastest: how many there are, and a function from a number, from 0, to its values.
  function space.grid()
    local count = 1
    for _, coordinate in ipairs(space.coordinates) do
      local p = coordinate.parameter
      if not p.cells then error("search: a grid needs the step of '" .. p.name .. "'") end
      count = count * p.cells
      if count > 1000000 then error("search: the grid has more than a million candidates; larger steps or another strategy") end
    end
    return count, function(number)
      local list = {}
      for k = #space.coordinates, 1, -1 do
        local p = space.coordinates[k].parameter
        list[k] = in_cell(p, number % p.cells)
        number = number // p.cells
      end
      return space.assemble(list)
    end
  end

  -- Throws where a parameter has no range, which the greedy strategy alone can do without.
  function space.require_ranges()
    for _, coordinate in ipairs(space.coordinates) do
      local p = coordinate.parameter
      if not p.choices and not (p.min and p.max) then
        error("search: '" .. p.name .. "' needs min and max; only the greedy strategy does without")
      end
    end
  end

  return space
end

return search_space
