-- expect: Lua
require "dppa.search" { candidate = function(p) return p end, maximize = function(m) local v = {} for i in ipairs(m) do v[i] = i end return v end, budget = 1e15, strategy = "random", parameters = { { name = "x", min = 0, max = 1, count = 100 } } }
