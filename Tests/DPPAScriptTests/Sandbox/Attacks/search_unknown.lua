-- expect: search has no option 'stert'
require "dppa.search" { stert = 1 }
