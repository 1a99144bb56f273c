-- expect: too many results
local t = {} for i = 1, 1100000 do t[i] = 1 end table.pack(table.unpack(t))
