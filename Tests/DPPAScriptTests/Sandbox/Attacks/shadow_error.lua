-- expect: attempt to call a nil value
local error = nil error "x"
