-- Fisher merging (arXiv 2111.09832): the mean of models, every element weighted by how much it matters to its model. That is
-- read from files that a training or another program left: a diagonal Fisher matrix, or Adam's second moments.
--   x = sum(w_i F_i x_i) / sum(w_i F_i);   normalize: F_i / |F_i|, the norm over the model
-- Elements that matter to no model have the mean sum(w_i x_i) / sum(w_i).
local dppa = require "dppa.v1"
local norm, per_tensor, where = dppa.norm, dppa.per_tensor, dppa.where

-- The names of tensors of a field, and the names that are missing there of those that must be.
local function names(field, wanted)
  local has, list, missing = {}, {}, {}
  for _, tensor in ipairs(dppa.facts(field)) do has[tensor.name] = true end
  for _, name in ipairs(wanted) do
    local to = has[name] and list or missing
    to[#to + 1] = name
  end
  return list, missing
end

local function total(parts)
  local sum
  for _, part in ipairs(parts) do sum = sum and sum + part or part end
  return sum
end

return dppa.method {
  name = "fisher",
  aliases = { "fisher_merging" },
  summary = "Fisher merging: the mean of models, every element weighted by its importance, which files give.",
  comparisons = "On eight vision tasks 68.3, the mean 65.8, task arithmetic 69.1 (ViT-B/32, arXiv 2503.08099).",
  arguments = { { name = "models", kind = "models" } },
  options = {
    {
      name = "importance", kind = "list", of = "field", required = true, nonempty = true,
      help = "for each model values of its tensors' names, none below 0: dppa.tensors(path)",
    },
    { name = "weights", default = 1, min = 0, per = "expert", divides = true, help = "share of each model" },
    { name = "normalize", default = false, help = "whether each model's importance is divided by its norm" },
    {
      name = "uncovered", default = "refuse", choices = { "refuse", "mean" },
      help = "tensors without importance are an error, or have the mean of the models",
    },
  },
  returns = "a model",
  example = "fisher({ a, b }, { importance = { dppa.weights(a) ^ 2, dppa.weights(b) ^ 2 }, normalize = true })",
  run = function(models, o)
    if #o.importance ~= #models then
      error("fisher: " .. #models .. " models need an importance each; there are " .. #o.importance)
    end
    local every = {}
    for i, tensor in ipairs(dppa.facts(models[1])) do every[i] = tensor.name end
    local known = every
    for i, importance in ipairs(o.importance) do
      local found, lost = names(importance, known)
      if #lost > 0 and o.uncovered == "refuse" then
        error("fisher: importance " .. i .. " lacks " .. #lost .. " of " .. #every .. " tensors, such as " .. lost[1]
          .. "; uncovered = \"mean\" takes the mean of the models there")
      end
      known = found
    end
    if #known == 0 then error("fisher: the importances and the models have no tensor in common") end
    local plain = dppa.average { models = models, weights = o.weights }
    local parts, weights = {}, {}
    for i, model in ipairs(models) do
      local importance = o.importance[i]:select(known)
      if o.normalize then importance = importance / norm(importance, "model") end
      local share = o.weights[i]
      weights[i] = (type(share) == "number" and share or per_tensor(importance, share)) * importance
      parts[i] = weights[i] * dppa.weights(model:select(known))
    end
    local sum, all = total(parts), total(weights)
    return plain:apply(function(part)
      return dppa.as_model(where(all:eq(0), dppa.weights(part), sum / where(all:eq(0), 1, all)), part)
    end, { on = known })
  end,
}
