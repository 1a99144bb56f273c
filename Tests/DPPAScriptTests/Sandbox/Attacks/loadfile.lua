-- expect: undefined name 'loadfile'
loadfile("x")
