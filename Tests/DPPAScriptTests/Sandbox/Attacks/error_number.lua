-- expect: error was called with a number
error(5)
