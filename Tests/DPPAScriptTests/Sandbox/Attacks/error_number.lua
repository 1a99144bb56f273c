-- expect: 5
error(5)
