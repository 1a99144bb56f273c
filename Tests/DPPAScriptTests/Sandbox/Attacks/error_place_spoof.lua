-- expect: made up
error("somewhere.lua:9999: made up", 0)
