-- expect: more than a million candidates
require "dppa.search" { candidate = print, maximize = print, strategy = "grid", parameters = { { name = "x", min = 0, max = 1, step = 1e-6, count = 1000 } } }
