-- expect: search has no option 'stratgy'; did you mean 'strategy'?
require "dppa.search" { stratgy = 1 }
