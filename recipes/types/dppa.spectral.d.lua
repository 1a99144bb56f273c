---@meta dppa.spectral
-- Made from the module's own declarations: `make reference`.

return spectral
