-- expect: leads out of
require("dppa.v1").model "../../../etc"
