-- expect: undefined name '__index'
local a = _ENV.__index
