-- expect: ok
local t = {} for i = 1, 20000 do t[i] = i % 7 end table.sort(t, function(a, b) return a < b end)
