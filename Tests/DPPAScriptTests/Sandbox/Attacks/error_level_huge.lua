-- expect: a
error("a", math.maxinteger)
