-- expect: index out of range
select(-1e9)
