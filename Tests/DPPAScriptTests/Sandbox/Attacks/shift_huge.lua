-- expect: ok
assert(1 << math.maxinteger == 0 and 1 << math.mininteger == 0)
