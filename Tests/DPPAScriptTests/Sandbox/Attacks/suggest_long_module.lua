-- expect: there is no module 'dppa.xxx
require("dppa." .. ("x"):rep(60000))
