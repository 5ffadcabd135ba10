-- A paused release that waits for a person is Suspended; one that waits for its time is on its way.
local status = obj.status
-- Never judge a status that was computed for an older spec.
if status == nil or status.observedGeneration == nil or status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "waiting for the operator to look at this generation"}
end

local waiting = (status.waitingFor or {}).kind
local stalled = false
for _, condition in ipairs(status.conditions or {}) do
  stalled = stalled or (condition.type == "Stalled" and condition.status == "True")
end

local by_phase = {
  Pending = stalled and "Degraded" or "Progressing",
  Progressing = "Progressing",
  Paused = waiting == "Time" and "Progressing" or "Suspended",
  Baking = "Progressing",
  Healthy = "Healthy",
  RollingBack = "Progressing",
  RolledBack = "Degraded",
  Degraded = "Degraded",
}
-- A phase of a newer operator is not taken for Healthy.
return {status = by_phase[status.phase] or "Progressing", message = status.message or status.phase or ""}
