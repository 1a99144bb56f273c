-- expect: is assigned but not declared
function helper() end
