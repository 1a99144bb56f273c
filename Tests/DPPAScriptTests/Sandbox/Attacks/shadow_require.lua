-- expect: ok
local require = function() return { mean = 1 } end assert(require "dppa.v1".mean == 1)
