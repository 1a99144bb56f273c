-- expect: must be a finite number
require "dppa.search" { candidate = print, maximize = print, parameters = { { name = "x", min = 0, max = 0 / 0 } } }
