-- expect: nil
require "dppa.search"()
