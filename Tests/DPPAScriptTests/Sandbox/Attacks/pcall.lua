-- expect: undefined name 'pcall'
pcall(function() while true do end end)
