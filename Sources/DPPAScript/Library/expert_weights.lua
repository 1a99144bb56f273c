-- One weight for each expert: a list as long as the experts, one number for all, or nothing for 1.
return function(experts, given)
  local weights = {}
  for index = 1, #experts do
    if given == nil or #given == 0 then
      weights[index] = 1
    elseif #given == 1 then
      weights[index] = given[1]
    elseif #given == #experts then
      weights[index] = given[index]
    else
      error(#experts .. " experts have " .. #given .. " weights; give one for each, or one for all", 3)
    end
  end
  return weights
end
