-- expect: string.find: the texts are too long
local t = ("a"):rep(60000) t = t .. t .. t .. t; t:find(("a"):rep(60000) .. "b")
