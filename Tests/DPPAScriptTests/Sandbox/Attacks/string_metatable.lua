-- expect: ok
assert((""). __index == nil and ("").__gc == nil)
