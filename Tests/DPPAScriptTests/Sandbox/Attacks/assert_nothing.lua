-- expect: bad argument #1
assert()
