-- expect: nan
error(0 / 0)
