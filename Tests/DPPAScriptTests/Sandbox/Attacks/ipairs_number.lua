-- expect: attempt to index a number value
for _ in ipairs(5) do end
