-- RegMean (arXiv 2212.09849): each linear is the one whose outputs are nearest to those of every model on that model's own inputs.
--   G_i   the covariance of what goes into the linear of model i on its own text, what is off the diagonal times `scale`
--   W     (W_1 G_1 + … + W_N G_N) (G_1 + … + G_N)^-1
-- In directions that no text has, and for all other tensors, the result is the mean of the models. schedule = "layerwise" is RegMean++
-- (arXiv 2508.03121): the inputs of a block are those behind the merged blocks before it, with the merged embeddings.
local dppa = require "dppa.v1"
local pruning = require "dppa.pruning"
local matmul, transpose, where = dppa.matmul, dppa.transpose, dppa.where

-- What is off the diagonal times a.
local function shrunk(g, a)
  if a == 1 then return g end
  local place = dppa.cumsum(0 * g + 1)
  return where(place:eq(transpose(place)), g, a * g)
end

-- The merged weights of some linears, outputs x inputs.
local function merged(weights, covariances, o)
  local mean, grams, left = nil, nil, nil
  for _, w in ipairs(weights) do mean = mean and mean + w / #weights or w / #weights end
  mean = dppa.whole(mean)
  for i, w in ipairs(weights) do
    local g = dppa.whole(shrunk(covariances[i], o.scale))
    local part = matmul(w - mean, g)
    grams, left = grams and grams + g or g, left and left + part or part
  end
  local change = dppa.solve(grams, transpose(left), { ridge = o.ridge, tolerance = o.tolerance })
  return mean + transpose(change)
end

-- The same whatever way weights are stored.
local function rule(parts, inputs, o)
  local turned, weights, covariances = #inputs[1].transposed > 0, {}, {}
  if turned and #inputs[1].transposed ~= #dppa.facts(parts[1]) then
    error("regmean: some weights are stored as inputs x outputs and some the other way round", 0)
  end
  for i, part in ipairs(parts) do
    weights[i] = turned and transpose(dppa.weights(part)) or dppa.weights(part)
    covariances[i] = inputs[i].covariance
  end
  local result = merged(weights, covariances, o)
  return dppa.as_model(turned and transpose(result) or result, parts[1])
end

return dppa.method {
  name = "regmean",
  aliases = { "regmean_plus_plus" },
  summary = "RegMean and RegMean++: linears whose outputs are nearest to every model's on its own text; the mean of all else.",
  comparisons = "On eight vision tasks 71.8, the mean 65.8, task arithmetic 69.1, TIES 72.4 (ViT-B/32, arXiv 2503.08099).",
  arguments = { { name = "models", kind = "models" }, { name = "data", kind = "list", of = "path", nonempty = true } },
  options = {
    {
      name = "scale", default = 0.9, min = 0, max = 1,
      help = "factor of the covariance off its diagonal; the papers take 0.9 (T5), 0.5 (language models), 0.1 (RegMean++)",
    },
    { name = "schedule", default = "dense", choices = { "dense", "layerwise" }, help = "RegMean, or RegMean++" },
    { name = "ridge", default = 0, min = 0, help = "what is added to the sum of covariances, times the mean of its diagonal" },
    {
      name = "tolerance", default = 1e-6, min = 0, max = 1,
      help = "directions whose variance is at most this times the largest have the mean of the models",
    },
    pruning.samples, pruning.length,
  },
  returns = "a merged model",
  example = "regmean({ a, b }, { \"zoo/search/math.jsonl\", \"zoo/search/law.jsonl\" }, { schedule = \"layerwise\" })",
  run = function(models, data, o)
    if #data ~= #models then
      error("regmean: " .. #models .. " models need a text each; there are " .. #data, 2)
    end
    local start, options = dppa.average { models = models }, { samples = o.samples, length = o.length, covariance = true }
    local sources = {}
    for i, model in ipairs(models) do sources[i] = { model, data[i] } end
    if o.schedule == "layerwise" then
      return dppa.layerwise(start, sources, function(parts, inputs) return rule(parts, inputs, o) end, options)
    end
    local parts, inputs = {}, {}
    for i, model in ipairs(models) do
      parts[i], inputs[i] = model:linears(), dppa.activations(model, data[i], options)
    end
    return start:apply(function() return rule(parts, inputs, o) end)
  end,
}
