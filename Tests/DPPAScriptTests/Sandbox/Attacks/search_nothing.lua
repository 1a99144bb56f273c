-- expect: search: option 'candidate' is missing
require "dppa.search"()
