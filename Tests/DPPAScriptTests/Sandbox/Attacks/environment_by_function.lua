-- expect: undefined name 'function'
local a = _ENV[print]
