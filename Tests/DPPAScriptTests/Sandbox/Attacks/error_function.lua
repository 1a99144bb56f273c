-- expect: error was called with a function
error(print)
