-- expect: nil
require "dppa.search" { candidate = print, maximize = function() end, start = { 1 } }
