-- expect: there is no module 'dppa.sandbox'
require "dppa.sandbox"
