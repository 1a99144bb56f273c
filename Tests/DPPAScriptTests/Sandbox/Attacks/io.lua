-- expect: undefined name 'io'
io.open("x")
