-- What a recipe can reach: an allow-list. Everything that is not named here does not exist for it.
local host = ...
local raw_next, raw_type, raw_error, raw_set, raw_tostring = next, type, error, setmetatable, tostring
-- Named as recipes know them, because Lua's own messages say the name of the variable.
local find, rep, format, concat, sort = string.find, string.rep, string.format, table.concat, table.sort
local raw_select, raw_sub, insert, remove = select, string.sub, table.insert, table.remove
local inner, load_text, overflow = host.inner, host.load, "C stack overflow"

local function sorted_names(t)
  local names = {}
  for key in raw_next, t do
    if raw_type(key) == "string" then names[#names + 1] = key end
  end
  sort(names)
  return names
end

-- A key in messages.
local function word(key)
  local kind = raw_type(key)
  return (kind == "table" or kind == "function") and kind or raw_tostring(key)
end

local contents = {}

-- No addresses, because they differ from run to run; tables with what they hold, as far as that is short.
local function shown(value, depth)
  local kind = raw_type(value)
  if kind == "function" then return kind end
  if kind ~= "table" then return raw_tostring(value) end
  value = contents[value] or value
  local parts, names = {}, sorted_names(value)
  if depth == 2 then return #value + #names > 0 and "{…}" or "{}" end
  for index = 1, #value < 32 and #value or 32 do parts[index] = shown(value[index], (depth or 0) + 1) end
  for index = 1, #names < 32 and #names or 32 do
    parts[#parts + 1] = names[index] .. " = " .. shown(value[names[index]], (depth or 0) + 1)
  end
  if #value > 32 or #names > 32 then parts[#parts + 1] = "…" end
  return raw_sub("{" .. concat(parts, ", ") .. "}", 1, 65536)
end

-- Read-only tables: an unknown name is an error that helps.
local function freeze(t, title, hint)
  local proxy = {}
  contents[proxy] = t
  return raw_set(proxy, {
    __index = function(_, key)
      local value = t[key]
      if value ~= nil then return value end
      local note = hint and hint(word(key))
      raw_error(title .. " has no '" .. word(key) .. "'" .. (note or inner.suggest(word(key), sorted_names(t))), 2)
    end,
    __newindex = function(_, key) raw_error(title .. "." .. word(key) .. " cannot be changed", 2) end,
    __metatable = false,
  })
end

-- For the prelude: tables in which what is not there is asked of a function.
function host.closed(missing)
  local closed = { __index = missing, __metatable = false }
  return function(t) return raw_set(t, closed) end
end

local function copy(t, names)
  local result = {}
  for name in names:gmatch "%S+" do result[name] = t[name] end
  return result
end

local base = copy(_G, "assert error ipairs select tonumber type _VERSION")
function base.tostring(value) return shown(value) end

local printed = 0
function base.print(...)
  local parts = { ... }
  for index = 1, raw_select("#", ...) do parts[index] = shown(parts[index]) end
  local line = raw_sub(concat(parts, "\t"), 1, 65536)
  printed = printed + #line + 1
  if printed > 1048576 then raw_error("print: the recipe has printed more than 1 MiB", 2) end
  inner.print(line)
end

-- In a fixed order: numbers, then names by their bytes.
function base.pairs(t)
  if raw_type(t) ~= "table" then raw_error("pairs: the argument must be a table; it is a " .. raw_type(t), 2) end
  t = contents[t] or t
  local numbers, names = {}, {}
  for key in raw_next, t do
    local kind = raw_type(key)
    if kind == "number" then
      numbers[#numbers + 1] = key
    elseif kind == "string" then
      names[#names + 1] = key
    else
      raw_error("pairs: a table with a " .. kind .. " as a key has no fixed order", 2)
    end
  end
  sort(numbers)
  sort(names)
  for index = 1, #names do numbers[#numbers + 1] = names[index] end
  local position = 0
  return function()
    position = position + 1
    local key = numbers[position]
    if key ~= nil then return key, t[key] end
  end, t, nil
end

-- Functions that can run long or grow large inside one C call, where no limit is looked at.
local strings = copy(string, "byte char format len lower upper reverse sub")
function strings.rep(text, count, separator)
  separator = separator or ""
  if raw_type(count) ~= "number" or count > 65536 or (#text + #separator) * count > 1048576 then
    raw_error("string.rep: the result may have at most 1 MiB, and the count be at most 65536", 2)
  end
  return rep(text, count, separator)
end
function strings.find(text, part, start)
  if #text * #part > 16777216 then raw_error("string.find: the texts are too long", 2) end
  return find(text, part, start, true)
end
function strings.format(pattern, ...)
  if find(pattern, "%%[^%a%%]*p") then raw_error("string.format: %p is not available", 2) end
  local values = { ... }
  for index = 1, select("#", ...) do
    local kind = raw_type(values[index])
    if kind == "table" or kind == "function" then values[index] = shown(values[index]) end
  end
  return format(pattern, table.unpack(values, 1, select("#", ...)))
end

local tables = copy(table, "concat unpack pack")
-- What comes after the position is moved one by one, and a few keys can make a length of 2^62.
function tables.insert(t, ...)
  if raw_select("#", ...) > 1 and #t > 100000 then raw_error("table.insert: at a position, at most 100000 elements", 2) end
  return insert(t, ...)
end
function tables.remove(t, ...)
  if raw_select("#", ...) > 0 and #t > 100000 then raw_error("table.remove: at a position, at most 100000 elements", 2) end
  return remove(t, ...)
end
function tables.sort(t, before)
  if #t > 100000 then raw_error("table.sort: at most 100000 elements", 2) end
  return sort(t, before)
end
function tables.concat(t, separator, first, last)
  if separator and #separator > 65536 then raw_error("table.concat: the separator is too long", 2) end
  return concat(t, separator, first, last)
end

local maths = copy(math, "abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min mininteger modf pi rad sin sqrt tan tointeger type ult")

-- Methods of strings are found in the real table, so that one becomes what recipes see.
for name in raw_next, string do string[name] = nil end
for name, value in raw_next, strings do string[name] = value end
getmetatable("").__metatable = false

-- What other Lua programs have and recipes have not, with what there is instead.
local files = "recipes have no files; dppa.json(path) reads a table and dppa.tensors(path) side tensors from beside the recipe"
local texts_only = "recipes run no other text; require(name) brings lib/NAME.lua from beside the recipe"
local patterns = "there are no patterns of texts; string.find finds plain text, and x:select takes globs of tensor names"
local metatables = "tables of recipes have no metatables"
local errors = "an error ends the recipe; only dppa.score(model, tasks, { on_failure = \"skip\" }) goes on"
local instead = {
  io = files, dofile = files, loadfile = files, os = "recipes see no time, environment or files; dppa.option takes values from --set",
  load = texts_only, loadstring = texts_only, package = texts_only, pcall = errors, xpcall = errors,
  setmetatable = metatables, getmetatable = metatables, rawget = metatables, rawset = metatables, rawequal = metatables,
  rawlen = metatables, next = "write for name, value in pairs(t) do, which has a fixed order", unpack = "write table.unpack",
  coroutine = "recipes have no coroutines", debug = "print(x) shows numbers, tables and the formulas of fields",
  _G = "there is no table of globals; write local names", utf8 = "texts of recipes are bytes; string has what there is",
  match = patterns, gmatch = patterns, gsub = patterns, move = "write a loop over ipairs",
  random = "a recipe gives the same model every time: x:uniform { seed = 1 } and x:bernoulli(p, { seed = 1 }) are random fields",
}
instead.randomseed = instead.random
local function absent(name) return instead[name] and "\nnote: " .. instead[name] end

base.string = freeze(strings, "string", absent)
base.table = freeze(tables, "table", absent)
base.math = freeze(maths, "math", absent)

-- Fields.
local field, group, gradient = host.types.field, host.types.group, host.types.gradient
for name, body in raw_next, host.operators do field[name] = body end
-- Lua gives the operand of a sign twice.
field.__unm = function(x) return host.operators.__unm(x) end
field.__bnot = function(x) return host.operators.__bnot(x) end
local methods, prelude = host.methods, nil
field.__index = function(_, key)
  local method = methods[key]
  if method ~= nil then return method end
  if raw_type(key) == "string" and prelude[key] then
    raw_error("a field has no method '" .. key .. "'; it is a function: write dppa." .. key .. "(field)", 2)
  end
  raw_error("a field has no method '" .. word(key) .. "'" .. inner.suggest(word(key), sorted_names(methods)), 2)
end
field.__newindex = function() raw_error("a field cannot be changed", 2) end
field.__tostring = function(value) return inner.formula(value) end
field.__lt = function() raw_error("fields are compared with methods: write a:lt(b) or a:gt(b) instead of a < b or a > b", 2) end
field.__le = function() raw_error("fields are compared with methods: write a:le(b) or a:ge(b) instead of a <= b or a >= b", 2) end
field.__eq = function() raw_error("fields are compared with methods: write a:eq(b) or a:ne(b) instead of a == b or a ~= b", 2) end
field.__concat = function() raw_error("a field is no text; print(field) shows its formula", 2) end
field.__len = function() raw_error("a field has no length; dppa.numel(field) is the number of its elements", 2) end
field.__call = function() raw_error("a field is no function", 2) end
field.__mod = function() raw_error("fields have no operator %; write x - y * dppa.floor(x / y)", 2) end
field.__idiv = function() raw_error("fields have no operator //; write dppa.floor(x / y)", 2) end
field.__bxor = function() raw_error("masks are joined by & and | and turned by ~; write (a | b) & ~(a & b)", 2) end
group.__tostring = function() return "group" end
group.__index = function() raw_error("a group has no methods; it stands where a scope is expected", 2) end
gradient.__tostring = function() return "gradient" end
host.types.spread.__tostring = function() return "numbers for tensors" end
for _, name in ipairs { "index", "add", "sub", "mul", "div", "pow", "unm", "lt", "le", "len", "concat", "call" } do
  gradient["__" .. name] = function() raw_error("a gradient has no numbers before it stands on a field: dppa.per_tensor(field, gradient)", 2) end
  host.types.spread["__" .. name] = function()
    raw_error("by_name and by_slice have no numbers before they stand on a field: dppa.per_tensor(field, dppa.by_name { … })", 2)
  end
end

-- Modules, each loaded once.
local modules, loading = {}, {}
local environment

-- The first line up to which a text is nested too deeply, because Lua names none.
local function line_of_overflow(text, chunk)
  local ends, position = {}, 0
  repeat
    position = find(text, "\n", position + 1, true) or #text + 1
    ends[#ends + 1] = position
  until position > #text
  local low, high = 1, #ends
  while low < high do
    local middle = (low + high) // 2
    local _, problem = load_text(raw_sub(text, 1, ends[middle] - 1), chunk, nil)
    if problem == overflow then high = middle else low = middle + 1 end
  end
  return low
end

local function evaluate(text, chunk, scope, ...)
  local body, problem = load_text(text, chunk, scope)
  if problem == overflow then
    problem = raw_sub(chunk, 2) .. ":" .. line_of_overflow(text, chunk) .. ": this is nested too deeply for Lua"
  end
  if not body then raw_error(problem, 0) end
  return body(...)
end

local prelude_text, methods_text, prelude_chunk = inner.prelude()
prelude = evaluate(prelude_text, prelude_chunk, base, host)
evaluate(methods_text, prelude_chunk, base, host, prelude)

function base.require(name)
  if raw_type(name) ~= "string" then raw_error("require: the argument must be the name of a module; it is a " .. raw_type(name), 2) end
  if modules[name] ~= nil then return modules[name] end
  for index = 1, #loading do
    if loading[index] == name then
      raw_error("the modules require each other in a circle: " .. concat(loading, " -> ", index) .. " -> " .. name, 2)
    end
  end
  local text, chunk = inner.module(name)
  loading[#loading + 1] = name
  local value, more = evaluate(text, chunk, environment)
  loading[#loading] = nil
  if more ~= nil then raw_error("the module '" .. name .. "' returns several values; a module returns one", 2) end
  if value == nil then raw_error("the module '" .. name .. "' returns nothing", 2) end
  if raw_type(value) == "table" then value = freeze(value, name) end
  modules[name] = value
  return value
end

environment = raw_set({}, {
  __index = function(_, name)
    local value = base[name]
    if value ~= nil then return value end
    name = word(name)
    local note = absent(name) or prelude[name] and "; write dppa." .. name .. ", or local " .. name .. " = dppa." .. name
      or methods[name] and "; it is a method of fields: write x:" .. name .. "(…)"
    raw_error("undefined name '" .. name .. "'" .. (note or inner.suggest(name, sorted_names(base))), 2)
  end,
  __newindex = function(_, name) raw_error("'" .. word(name) .. "' is assigned but not declared: write local " .. word(name) .. " = …", 2) end,
  __metatable = false,
})

modules["dppa.v1"] = freeze(prelude, "dppa", function(name)
  return methods[name] and "; it is a method of fields: write x:" .. name .. "(…)"
end)

local text, chunk = inner.recipe()
return evaluate(text, chunk, environment)
