-- expect: cannot be changed
string.rep = nil
