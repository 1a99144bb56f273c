-- expect: ok
assert(string.format("%s", {}) == "{}")
