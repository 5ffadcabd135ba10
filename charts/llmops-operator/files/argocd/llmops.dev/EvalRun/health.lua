-- The record of one judgement. Only the operator makes them; they appear in the tree below a ModelDeployment.
local status = obj.status or {}
local by_phase = {
  Pending = "Progressing",
  Running = "Progressing",
  Successful = "Healthy",
  Failed = "Degraded",
  Inconclusive = "Unknown",
  Error = "Degraded",
}
return {status = by_phase[status.phase] or "Progressing", message = status.message or status.phase or "not started yet"}
