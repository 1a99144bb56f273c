-- expect: undefined name 'load'
load("return 1")()
