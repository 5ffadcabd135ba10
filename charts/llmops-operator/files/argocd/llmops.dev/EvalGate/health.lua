-- Healthy as soon as its golden set can be read and can decide, so that what refers to it can follow in the next sync wave.
local status = obj.status
if status == nil or status.observedGeneration == nil or status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "waiting for the operator to look at this generation"}
end
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Decidable" then
    return {status = condition.status == "True" and "Healthy" or "Degraded", message = condition.message}
  end
end
return {status = "Progressing", message = "waiting for the operator to look at this generation"}
