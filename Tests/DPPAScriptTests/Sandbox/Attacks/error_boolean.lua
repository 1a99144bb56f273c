-- expect: error was called with a boolean
error(true)
