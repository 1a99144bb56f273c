-- expect: there is no module 'dppa'
require "dppa"
