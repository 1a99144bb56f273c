-- expect: is no module name
require "v1.dppa"
