-- expect: candidate gives nothing for x 0.5
require "dppa.search" { candidate = function() end, maximize = print, parameters = { { name = "x", min = 0, max = 1 } } }
