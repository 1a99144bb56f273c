-- expect: search: option 'step' must be at least
require "dppa.search" { candidate = print, maximize = print, start = { 1 }, stop = { 2 }, step = 1e-300, strategy = "grid" }
