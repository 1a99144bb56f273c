-- expect: ok
assert(tostring({ {}, a = print }) == "{{}, a = function}" and tostring(print) == "function")
