-- expect: undefined name 'host'
host.inner.module("x")
