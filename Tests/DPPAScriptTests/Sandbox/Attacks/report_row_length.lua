-- expect: must be a list of 2 values
require("dppa.v1").report { name = "a", columns = { "a", "b" }, rows = { { 1 } } }
