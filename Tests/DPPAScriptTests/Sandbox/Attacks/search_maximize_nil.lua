-- expect: maximize must give a number
require "dppa.search" { candidate = print, maximize = function() end, start = { 1 } }
