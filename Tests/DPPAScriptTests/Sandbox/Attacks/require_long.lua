-- expect: letters, digits and _
local s = ("x"):rep(60000) for i = 1, 6 do s = s .. s end require(s)
