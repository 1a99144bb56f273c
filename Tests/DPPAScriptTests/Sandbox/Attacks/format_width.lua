-- expect: invalid conversion
string.format("%1000d", 1)
