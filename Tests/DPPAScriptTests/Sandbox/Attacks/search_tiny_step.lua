-- expect: option 'step' must be at least
require "dppa.search" { candidate = print, maximize = print, strategy = "grid", parameters = { { name = "x", min = 0, max = 1, step = 1e-300 } } }
