-- expect: bad argument
string.format(("%s"):rep(1000), 1)
