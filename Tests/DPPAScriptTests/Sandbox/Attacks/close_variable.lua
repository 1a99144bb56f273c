-- expect: non-closable value
local x <close> = {}
