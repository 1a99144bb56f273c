-- expect: is no module name
require "a\0b"
