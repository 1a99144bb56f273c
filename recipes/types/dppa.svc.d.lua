---@meta dppa.svc
-- Made from the module's own declarations: `make reference`.

---@class dppa.svc.Options
---@field alpha? dppa.PerTensor the least that an expert counts in a direction (at least 1e-06; default 0.1; per tensor)
---@field lambda? dppa.PerTensor scale of the merged delta (default 1; per tensor)
---@field tolerance? number directions whose singular value is at most this times the largest do not exist, as of adapters' deltas (from 0 to 1; default 1e-06)
---@field precision? "f64"|"f32" what matrices are decomposed in; f32 takes half the memory and time, and leaves five digits (f64, f32; default f64)
---@field weights? dppa.PerExpert weight of each delta (default 1; per expert and tensor)
---@field merged? dppa.Field what is calibrated, such as tsv(base, experts) - base; left out: the weighted sum (delta)

---SVC: the sum of deltas, or a merged delta, with each singular direction scaled to the experts' own.
---@param base dppa.Field a model
---@param experts dppa.Field|dppa.Field[] a model, a delta, or a list of them
---@param options? dppa.svc.Options
---@return dppa.Field a model
local function svc(base, experts, options) end

return svc
