-- expect: ok
assert(("a.c"):find("a.c") == 1 and not ("abc"):find("a.c"))
