-- DRM: deltas merged in the directions that they share, after normalising and trimming.
--   dppa-run run recipes/drm.lua --out merged --set base=path --set experts=path/a,path/b --set drop=0.5
local dppa = require "dppa.v1"
local drm = require "dppa.drm"

local base, experts = dppa.inputs { base = "zoo/base", experts = { "zoo/math", "zoo/finance", "zoo/law" } }
return drm(base, experts, dppa.options(drm))
