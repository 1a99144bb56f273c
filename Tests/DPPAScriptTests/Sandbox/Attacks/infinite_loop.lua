-- expect: the recipe ran
while true do end
