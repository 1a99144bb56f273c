-- expect: Lua time
local s = ("x"):rep(65536):rep(16) for i = 1, 4 do s = s .. s end local a, b = s .. "a", s .. "a" while a == b do end
