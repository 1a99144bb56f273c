-- expect: search has no option 'stert'; did you mean 'start'?
require "dppa.search" { stert = 1 }
