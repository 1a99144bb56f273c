-- expect: did you mean 'dppa.ties'?
require "dppa.tied"
