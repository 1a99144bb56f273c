-- expect: string has no 'pack'
string.pack("i16", 1)
