-- expect: ok
assert(("x"):rep(-1e9) == "")
