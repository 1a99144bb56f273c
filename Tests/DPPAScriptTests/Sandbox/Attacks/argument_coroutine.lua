-- expect: undefined name 'coroutine'
require("dppa.v1").option(coroutine.create(print))
