-- expect: Lua time
local s = ("1"):rep(1000):rep(1000) s = s .. s .. s .. s s = s .. s while true do local a = tonumber(s) end
