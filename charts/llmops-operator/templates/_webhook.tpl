{{/* What the operator's Deployment needs for the webhook. */}}
{{- define "llmops.webhookArgs" -}}
{{- if .Values.webhook.enabled }}
- --webhook-port=9443
- --webhook-service={{ include "llmops.fullname" . }}-webhook
{{- if .Values.webhook.certManager.enabled }}
- --webhook-certificate-folder=/etc/llmops/webhook
{{- else }}
- --webhook-configuration={{ include "llmops.fullname" . }}
- --webhook-secret={{ include "llmops.fullname" . }}-webhook
{{- end }}
{{- end }}
{{- end }}
