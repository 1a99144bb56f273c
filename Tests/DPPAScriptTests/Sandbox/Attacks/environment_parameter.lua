-- expect: attempt to call a nil value
local function f(_ENV) return x() end f {}
