-- expect: there is no module 'dppa.prelude'
require "dppa.prelude"
