-- expect: undefined name 'collectgarbage'
collectgarbage()
