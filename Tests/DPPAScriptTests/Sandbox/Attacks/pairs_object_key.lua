-- expect: has no fixed order
for k in pairs({ [print] = 1 }) do end
