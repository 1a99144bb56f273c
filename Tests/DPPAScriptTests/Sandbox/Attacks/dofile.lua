-- expect: undefined name 'dofile'
dofile("x")
