-- expect: must be the name of a module
require {}
