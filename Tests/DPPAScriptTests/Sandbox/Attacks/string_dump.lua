-- expect: string has no 'dump'
string.dump(print)
