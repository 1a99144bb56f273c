-- expect: a
error("a\0b")
