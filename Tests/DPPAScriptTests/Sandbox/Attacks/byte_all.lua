-- expect: string slice too long
local s = ("x"):rep(65536):rep(16) s:byte(1, -1)
