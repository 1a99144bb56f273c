-- expect: of Lua time
local s = ("x"):rep(65536):rep(16) s = s .. s .. s .. s s = s .. s while true do local t = s .. "y" end
