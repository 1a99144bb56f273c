-- Fisher merging: the mean of models, every element weighted by how much it matters to its model.
--   dppa-run run recipes/fisher.lua --out merged --set experts=path/a,path/b --set importance=a.safetensors,b.safetensors
-- The files hold tensors of the models' names: a diagonal Fisher matrix, Adam's second moments. Without files an element matters
-- by the square of its change from the base, which is no more than a guess.
local dppa = require "dppa.v1"
local fisher = require "dppa.fisher"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
local files = dppa.option {
  name = "importance", default = {}, of = "path", help = "safetensors files, one for each expert; none: squared changes",
}
if #files > 0 and #files ~= #experts then error("importance has " .. #files .. " files for " .. #experts .. " experts") end

local o = dppa.options(fisher)
o.importance = {}
for i, expert in ipairs(experts) do
  o.importance[i] = files[i] and dppa.tensors(files[i]) or dppa.as_delta(expert - base) ^ 2
end
return fisher(experts, o)
