-- Offers what the operator would carry out now, and disables what it would refuse (docs/release-table.md).
local status = obj.status or {}
local run = status.run
local running = run ~= nil and run.decision == nil
local baking = run == nil and status.bakeUntil ~= nil
local waiting = (status.waitingFor or {}).kind
local reason = running and run.pauseReason or nil
local held_by_spec = running and reason == nil and obj.spec.paused == true and status.held == nil
local gate_undecided = reason == "InconclusiveAnalysis" or reason == "AnalysisError"

local servable = false
for _, arm in ipairs(status.arms or {}) do
  servable = servable or (arm.name == "candidate" and arm.loadState == "Servable")
end
local moving = waiting == "Capacity" or waiting == "Load" or waiting == "Traffic"
local forward = running and servable and not held_by_spec and (reason ~= nil or not moving)

-- Whether the operator holds something back that a person could let it try again.
local refused = false
for _, condition in ipairs(status.conditions or {}) do
  refused = refused or (condition.type == "Ready" and (condition.reason == "Rejected" or condition.reason == "Held"))
end
local retry = gate_undecided or (run == nil and not baking and refused)

local stable = (status.stable or {}).revision
local earlier = status.previousStable ~= nil
for _, entry in ipairs(status.history or {}) do
  earlier = earlier or (entry.outcome == "Promoted" and entry.revision ~= stable)
end
local back
if running then
  back = stable ~= nil
elseif run ~= nil then
  back = run.decision.outcome == "Promoted" and stable ~= nil
else
  back = stable ~= nil and earlier
end

local function action(enabled, icon, title)
  return {disabled = not enabled, iconClass = "fa fa-fw fa-" .. icon, displayName = title}
end
local actions = {
  ["promote"] = action(forward or baking, "step-forward", "Promote: end this step"),
  ["promote-full"] = action(forward or baking, "fast-forward", "Promote fully: skip all steps and gates"),
  ["abort"] = action(running or baking, "stop", "Abort: back to stable"),
  ["retry"] = action(retry, "redo", "Retry what was refused"),
  ["pause"] = action(running and reason == nil and not held_by_spec, "pause", "Pause the release"),
  ["resume"] = action(reason == "PauseCommand" or (reason == "PauseStep" and servable), "play", "Resume the release"),
  ["rollback"] = action(back, "undo", "Roll back to an earlier revision"),
}
actions["rollback"].params = {{name = "to"}}
return actions
