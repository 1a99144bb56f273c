-- expect: the recipe ran
local function f() return f() end f()
