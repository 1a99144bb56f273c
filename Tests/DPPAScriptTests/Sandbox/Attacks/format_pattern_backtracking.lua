-- expect: ok
local s = ("%" .. ("-"):rep(60000)) for i = 1, 5 do s = s .. s end assert(#s > 0 and not s:find "p")
