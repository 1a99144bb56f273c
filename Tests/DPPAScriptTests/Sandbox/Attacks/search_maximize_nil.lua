-- expect: maximize must give a list of numbers
require "dppa.search" { candidate = function(p) return p end, maximize = function() end, parameters = { { name = "x", min = 0, max = 1 } } }
