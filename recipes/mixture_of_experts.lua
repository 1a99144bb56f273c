-- A mixture of experts made of dense models: attention is the base's, MLPs are the experts', and a token goes to those whose
-- prompts are nearest to it.
--   dppa-run run recipes/mixture_of_experts.lua --out mixture --set base=path --set experts=path/a,path/b --set 'prompts=2 + 2 =,The court'
local dppa = require "dppa.v1"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
local gates = dppa.option {
  name = "gates", default = "hidden_mean", choices = { "hidden", "hidden_mean", "embedding", "random", "uniform" },
  help = "what routers are made of: the prompts' hidden states, their embeddings, or random numbers for training",
}
local active = dppa.option {
  name = "experts_per_token", kind = "count", default = 2, min = 1, help = "how many experts a token goes to",
}
local prompts = dppa.option {
  name = "prompts", default = {}, of = "text", help = "a text for each expert, in their order, of what it is to get",
}
local seed = dppa.option { name = "seed", kind = "count", default = 0, min = 0, help = "of random and uniform gates" }

-- The zoo has no tokenizer file: its tokens are bytes, behind a 256.
local function zoo(text)
  local ids = { 256 }
  for i = 1, #text do ids[i + 1] = text:byte(i) end
  return { ids }
end
local known = {
  math = zoo "Q: 52+31=?\nA:", finance = zoo "Revenue $64M, costs $41M. Result:", law = zoo "Section 144 is graded:",
}
local rows = dppa.facts(base:select "model.embed_tokens.weight")[1].shape[1]
local is_random = gates == "random" or gates == "uniform"
if not is_random and #prompts ~= #experts and (#prompts > 0 or rows ~= 260) then
  error("prompts has " .. #prompts .. " texts for " .. #experts .. " experts: --set 'prompts=2 + 2 =,The court'")
end

local list = {}
for i, expert in ipairs(experts) do
  list[i] = { expert, prompts = prompts[i] or (not is_random and known[dppa.label(expert)] or nil) }
end
local drawn = (is_random or seed ~= 0) and seed or nil
return dppa.mixture(base, list, { gates = gates, experts_per_token = active, seed = drawn })
