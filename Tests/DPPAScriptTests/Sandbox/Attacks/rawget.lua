-- expect: undefined name 'rawget'
rawget({}, 1)
