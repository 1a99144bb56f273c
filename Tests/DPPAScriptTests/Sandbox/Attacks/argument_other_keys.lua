-- expect: other keys, or gaps
require("dppa.v1").option { [1.5] = 1 }
