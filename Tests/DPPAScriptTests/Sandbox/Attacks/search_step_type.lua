-- expect: search: option 'step' must be a number
require "dppa.search" { candidate = print, maximize = print, start = { 1 }, step = "a" }
