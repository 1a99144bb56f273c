-- expect: must be a finite number
require "dppa.search" { candidate = print, maximize = print, start = { 1 }, stop = { 0 / 0 }, strategy = "grid" }
