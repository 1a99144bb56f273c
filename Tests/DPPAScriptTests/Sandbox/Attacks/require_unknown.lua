-- expect: there is no module 'nothing_here'
require "nothing_here"
