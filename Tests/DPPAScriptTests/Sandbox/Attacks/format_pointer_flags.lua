-- expect: string.format: %p is not available
string.format("%-20p", {})
