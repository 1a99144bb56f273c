-- expect: ok
local dppa = require "dppa.v1"
dppa.report { name = "a", columns = { "p", "q", "r" }, rows = { { 1, nil, 3 } } }
