-- expect: number expected, got table
error("a", {})
