-- expect: a
error("a", -5)
