-- expect: bad argument #2 to 'rep'
("x"):rep(0 / 0)
