-- expect: UTF-8 value too large
local s = "\u{FFFFFFFFF}"
