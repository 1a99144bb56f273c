-- expect: a
error("a", 100)
