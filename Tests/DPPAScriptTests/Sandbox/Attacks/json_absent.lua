-- expect: there is no file
require("dppa.v1").json "none.json"
