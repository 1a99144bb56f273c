-- expect: error was called with a nil
error(nil)
