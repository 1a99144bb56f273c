-- expect: ok
local t, s = { b = 1, a = 2, [3] = 0, [1] = 0 }, "" for k in pairs(t) do s = s .. k end assert(s == "13ab", s)
