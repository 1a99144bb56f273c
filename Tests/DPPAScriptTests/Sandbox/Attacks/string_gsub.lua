-- expect: string has no 'gsub'
string.gsub("a", "a", "b")
