-- expect: attempt to index a number value
local dppa = require "dppa.v1" dppa = 5 dppa.mean(1)
