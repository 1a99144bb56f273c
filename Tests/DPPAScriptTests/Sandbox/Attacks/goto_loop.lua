-- expect: the recipe ran
::again:: goto again
