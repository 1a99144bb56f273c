-- expect: is assigned but not declared
counter = 1
