-- expect: attempt to call a nil value (method 'match')
("a"):match(".-.-.-b")
