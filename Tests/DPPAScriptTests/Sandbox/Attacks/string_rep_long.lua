-- expect: string.rep: the result may have at most 1 MiB
string.rep("", 1e9)
