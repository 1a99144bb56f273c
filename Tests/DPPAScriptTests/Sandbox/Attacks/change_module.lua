-- expect: cannot be changed
local dppa = require "dppa.v1" dppa.mean = nil
