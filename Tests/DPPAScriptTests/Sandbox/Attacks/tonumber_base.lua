-- expect: base out of range
tonumber("1", 99)
