-- expect: did you mean 'dppa.task_arithmetic'?
require "dppa.task_arithmetik"
