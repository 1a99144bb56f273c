-- expect: ok
for name in pairs(_ENV) do error(name) end
