-- expect: must be a field
require("dppa.v1").space()
