-- expect: option 'step' must be a number
require "dppa.search" { candidate = print, maximize = print, parameters = { { name = "x", min = 0, max = 1, step = "a" } } }
