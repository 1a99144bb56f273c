-- expect: nested more than
local t = {} for i = 1, 20 do t = { x = t } end require("dppa.v1").option(t)
