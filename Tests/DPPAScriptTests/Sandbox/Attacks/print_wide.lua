-- expect: ok
local s = ("x"):rep(65536) for i = 1, 8 do s = s .. s end print(s)
