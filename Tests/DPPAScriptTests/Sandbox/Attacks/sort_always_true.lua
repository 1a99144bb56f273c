-- expect: invalid order function
local t = {} for i = 1, 200 do t[i] = 0 end table.sort(t, function() return true end)
