-- expect: undefined name 'debug'
debug.getregistry()
