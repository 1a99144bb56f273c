-- expect: the values of a call are too large
local s, t = ("x"):rep(60000), {} for i = 1, 4 do s = s .. s end for i = 1, 3000 do t[i] = s end require("dppa.v1").option(t)
