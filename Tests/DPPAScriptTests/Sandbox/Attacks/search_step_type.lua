-- expect: attempt to compare
require "dppa.search" { candidate = print, maximize = print, start = { 1 }, step = "a" }
