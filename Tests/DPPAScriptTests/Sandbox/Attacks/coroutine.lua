-- expect: undefined name 'coroutine'
coroutine.create(function() end)
