-- expect: leads out of
require("dppa.v1").json "~/.bashrc"
