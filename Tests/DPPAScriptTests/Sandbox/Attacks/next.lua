-- expect: undefined name 'next'
next({})
