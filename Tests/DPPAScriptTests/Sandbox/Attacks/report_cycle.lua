-- expect: a table contains itself
local t = { name = "a", columns = { "a" } } t.rows = { { t } } require("dppa.v1").report(t)
