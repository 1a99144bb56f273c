-- expect: a table contains itself
local t = {} t.x = t require("dppa.v1").option(t)
