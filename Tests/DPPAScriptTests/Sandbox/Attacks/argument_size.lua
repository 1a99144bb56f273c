-- expect: more than 200000 entries
local t = {} for i = 1, 200001 do t[i] = i end require("dppa.v1").option(t)
