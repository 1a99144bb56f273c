-- expect: ok
assert(#string.format("%.99f", 1.7e308) < 500)
