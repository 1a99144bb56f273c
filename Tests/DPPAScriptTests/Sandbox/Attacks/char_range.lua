-- expect: value out of range
string.char(256)
