{{/* What the operator may do where it watches. No wildcard, no Secret, no pod log, no exec. */}}
{{- define "llmops.rules" -}}
# What users write: read only, but for the status.
- apiGroups: [llmops.dev]
  resources: [modeldeployments, promptversions, guardrails, evalgates]
  verbs: [list, watch]
# What the operator writes: the records of judgements.
- apiGroups: [llmops.dev]
  resources: [evalruns]
  verbs: [get, list, watch, create, delete]
- apiGroups: [llmops.dev]
  resources: [modeldeployments/status, promptversions/status, guardrails/status, evalgates/status, evalruns/status]
  verbs: [update]
# Children name their owner with blockOwnerDeletion, which some clusters only admit with this right.
- apiGroups: [llmops.dev]
  resources: [modeldeployments/finalizers, evalruns/finalizers]
  verbs: [update]
# Engines, gateways; replicas of an engine go through its scale.
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, update, delete]
- apiGroups: [apps]
  resources: [deployments/scale]
  verbs: [update]
# The records of revisions and of runs.
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list, watch, create, update, delete]
# Evaluations.
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create]
# Why a pod is not there yet; addresses of gateways; termination messages of evaluations.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
# A gateway's address, configuration and identity; copies of golden sets. Reading ConfigMaps is also what a
# gateway's Role grants, and a Role can grant only what its maker may do.
- apiGroups: [""]
  resources: [services, configmaps]
  verbs: [get, list, watch, create, update, delete]
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [get, list, watch, create, update]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [get, list, watch, create, update]
# Who may reach engines, gateways and evaluators; how many gateways a drain may take at once.
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, update, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, update, delete]
# Only to grant it: gateways find their engines by it.
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
# What people see under "Events" of kubectl describe; a repeated one is read and counted up.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [get, create, update]
{{- end }}
