-- expect: search: option 'parameters' is missing
require "dppa.search"()
