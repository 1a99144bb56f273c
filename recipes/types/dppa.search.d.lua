---@meta dppa.search
-- Made from the module's own declarations: `make reference`.

---@class dppa.search.Options
---@field parameters any[] what is searched: tables such as { name = "density", min = 0.1, max = 0.9 } (list of values; required)
---@field candidate function from a table of the parameters' values to a model (function; required)
---@field maximize function from a list of models, and the share of the questions, to a list of numbers and a list of the scores behind them: dppa.objective makes one (function; required)
---@field strategy? "cma"|"line"|"sobol"|"random"|"grid"|"greedy" how values are chosen (cma, line, sobol, random, grid, greedy; default cma)
---@field budget? integer how many candidates are scored; one that is asked a part of the questions counts as that part (if left out, 40, and with minutes any number) (whole number; at least 1)
---@field minutes? number of scoring, after which no further candidate is begun (at least 0.001)
---@field shares? number[] growing shares of each task's questions, of which the last is 1: the better candidates go on to the next (list of numbers; from 0 to 1; default 1)
---@field seed? integer of cma, sobol and random (whole number; from 0 to 4294967296; default 0)
---@field take? "rule"|"best" of greedy: the values where DPPA's rule ends, or those of the best candidate (rule, best; default rule)
---@field name? string of the table in the report (default search)

---Finds the parameters whose candidate scores best.
---@param options dppa.search.Options
---@return any a table: parameters, taken, best, candidates
local function search(options) end

return search
