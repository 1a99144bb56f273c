-- expect: undefined name '_G'
_G.print = nil
