-- expect: invalid escape
local s = "\q"
