-- expect: more than 200000 entries
local t, u = {}, {} for i = 1, 100000 do t[i] = i end for i = 1, 100 do u[i] = t end require("dppa.v1").option(table.unpack(u))
