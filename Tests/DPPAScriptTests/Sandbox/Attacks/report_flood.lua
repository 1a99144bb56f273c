-- expect: more than 1000000 cells
local dppa = require "dppa.v1" local x = dppa.tensors "side.safetensors"
local row, rows = { 1 }, {} for i = 1, 60000 do rows[i] = row end
for i = 1, 1e6 do dppa.report { name = "t" .. i, columns = { "a" }, rows = rows } end
