-- expect: error was called with a table
assert(false, {})
