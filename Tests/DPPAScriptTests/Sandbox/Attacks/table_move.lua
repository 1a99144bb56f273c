-- expect: table has no 'move'
table.move({}, 1, 1 << 53, 2)
