-- expect: error was called with a table
error({})
