-- expect: Lua memory
local t = {} for i = 1, 65536 do t[i] = "" end table.concat(t, ("x"):rep(65536))
