-- expect: string.rep: the result may have at most 1 MiB
("x"):rep(60000, ("y"):rep(60000))
