-- expect: math has no 'random'
math.random()
