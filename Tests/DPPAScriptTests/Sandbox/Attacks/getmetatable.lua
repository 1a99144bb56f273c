-- expect: undefined name 'getmetatable'
getmetatable("").__index = nil
