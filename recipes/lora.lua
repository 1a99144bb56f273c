-- LoRA adapters of full fine-tunes: what each has learnt in its linears, by its strongest directions.
--   dppa-run run recipes/lora.lua --out adapters --set base=path --set experts=path/a,path/b --set rank=32
--   dppa-run run recipes/lora.lua --out adapter --set base=path --set experts=path/a --set energy=0.9
-- One adapter is the output, several are folders in it, by their labels. Each line of the run tells the share of ||delta||^2 that
-- factors keep.
local dppa = require "dppa.v1"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
local rank = dppa.option {
  name = "rank", kind = "count", min = 1, help = "rank of all factors, with energy the largest; 16 if neither is given",
}
local energy = dppa.option {
  name = "energy", kind = "number", min = 0, max = 1,
  help = "as many directions in each matrix as have this share of its sum of squares",
}
local rest = dppa.option {
  name = "rest", default = "drop", choices = { "drop", "save", "error" },
  help = "norms, embeddings, heads: left out, with a warning that tells their share; saved whole; or an error",
}
local seed = dppa.option {
  name = "seed", kind = "count", min = 0, help = "with rank alone: look for the strongest directions by random numbers; faster",
}

for _, expert in ipairs(experts) do
  local adapter = (expert - base):lora {
    rank = not energy and (rank or 16) or nil, energy = energy, max_rank = energy and rank, rest = rest, seed = seed,
  }
  if #experts == 1 then return adapter end
  adapter:save(dppa.label(expert))
end
