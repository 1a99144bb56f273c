-- expect: has printed more than 1 MiB
local s = ("x"):rep(65536) while true do print(s) end
