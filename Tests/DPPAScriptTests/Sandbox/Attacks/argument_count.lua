-- expect: takes 1 argument; this call has 100001
local t = {} for i = 1, 100000 do t[i] = 1 end require("dppa.v1").option(t, table.unpack(t))
