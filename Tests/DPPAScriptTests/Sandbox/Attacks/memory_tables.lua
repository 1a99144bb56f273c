-- expect: MiB of Lua memory
local t = {} while true do t = { t, {}, {}, {} } end
