-- expect: �
error(("\xff"):rep(60000))
