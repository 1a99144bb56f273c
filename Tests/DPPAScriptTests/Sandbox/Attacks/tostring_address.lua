-- expect: ok
assert(tostring({}) == "table" and tostring(print) == "function")
