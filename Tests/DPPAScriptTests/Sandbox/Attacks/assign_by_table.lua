-- expect: 'table' is assigned but not declared
_ENV[{}] = 1
