-- expect: undefined name 'rawset'
rawset({}, 1, 2)
