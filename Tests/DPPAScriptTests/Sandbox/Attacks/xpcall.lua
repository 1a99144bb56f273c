-- expect: undefined name 'xpcall'
xpcall(print, print)
