-- expect: options have names
local t = {} for i = 1, 100000 do t[i] = 1 end require("dppa.v1").option(t, table.unpack(t))
