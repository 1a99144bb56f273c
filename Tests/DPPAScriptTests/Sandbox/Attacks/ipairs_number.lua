-- expect: table expected
for _ in ipairs(5) do end
