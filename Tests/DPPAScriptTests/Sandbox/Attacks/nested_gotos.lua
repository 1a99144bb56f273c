-- expect: no visible label 'x'
goto x
