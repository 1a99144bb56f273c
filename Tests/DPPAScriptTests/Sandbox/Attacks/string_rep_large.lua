-- expect: string.rep: the result may have at most 1 MiB
("x"):rep(1e8)
