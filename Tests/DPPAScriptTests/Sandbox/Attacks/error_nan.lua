-- expect: error was called with a number
error(0 / 0)
