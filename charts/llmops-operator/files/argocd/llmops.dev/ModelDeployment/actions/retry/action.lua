local verb = "retry"

-- The command of a person, pinned to what is shown: the operator refuses it when that is no longer so.
local os = require("os")
local status = obj.status or {}
local run = status.run
local shown = run ~= nil and status.candidate or status.desired or status.stable
local pins = ""
if shown ~= nil then
  pins = " revision=" .. shown.revision
end
-- What goes forward is meant for one step; what stops or goes back is meant for the release.
local forward = verb == "promote" or verb == "promote-full" or verb == "resume"
if forward and run ~= nil and not run.firstDeploy then
  pins = pins .. " step=" .. run.currentStepIndex
end
local to = verb == "rollback" and actionParams ~= nil and actionParams["to"] or ""
if to ~= "" then
  if tonumber(to) == nil then
    error("to: found " .. to .. ", allowed the number of a revision, or nothing for the one before")
  end
  pins = pins .. " to=" .. to
end

local function id_at(seconds)
  return seconds .. "-" .. verb
end
local function command_at(seconds)
  return verb .. pins .. " id=" .. id_at(seconds) .. " by=argocd"
end

-- Two clicks within three seconds are one: the second changes nothing.
local annotations = obj.metadata.annotations or {}
local given = annotations["llmops.dev/command"]
local done = (status.lastCommand or {}).id
local now = os.time()
for seconds = now - 3, now do
  if given == command_at(seconds) or done == id_at(seconds) then
    return obj
  end
end
annotations["llmops.dev/command"] = command_at(now)
obj.metadata.annotations = annotations
return obj
