-- expect: undefined name 'setmetatable'
setmetatable({}, { __gc = function() end })
