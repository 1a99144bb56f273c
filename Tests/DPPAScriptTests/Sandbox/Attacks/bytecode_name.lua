-- expect: is no module name
require "../../etc/passwd"
