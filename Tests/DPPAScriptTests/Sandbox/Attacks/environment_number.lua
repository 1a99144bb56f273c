-- expect: attempt to index a number value
local _ENV = 5 print(1)
