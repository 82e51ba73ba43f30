{{/*
What the controller may do, one rule a reason. The form of `recommend` reads and has no verb that writes to a workload;
services/kubernetes/chart/ holds each form as a golden list, and asks a real API server what it allows and denies.
*/}}

{{/* In the namespaces it looks at. */}}
{{- define "forescale.workloadRules" -}}
# workloads and their pods, by watches
- apiGroups: [apps]
  resources: [deployments, statefulsets, replicasets]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
{{- range .Values.kubernetes.customWorkloads }}
- apiGroups: [{{ .apiGroup }}]
  resources: [{{ .resource }}]
  verbs: [list, watch]
{{- end }}
# what else scales them: it is left alone
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list, watch]
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [list, watch]
- apiGroups: [autoscaling.k8s.io]
  resources: [verticalpodautoscalers]
  verbs: [list, watch]
{{- if .Values.settings.enabled }}
# what tenants ask for, and what became of it
- apiGroups: [forescale.dev]
  resources: [scalingpolicies]
  verbs: [list, watch]
- apiGroups: [forescale.dev]
  resources: [scalingpolicies/status]
  verbs: [patch]
{{- end }}
{{- if or .Values.settings.enabled (eq .Values.mode "enforce") }}
# what `kubectl describe` tells
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
{{- if eq .Values.mode "enforce" }}
# the count, and beside it in annotations the decision and who leads
- apiGroups: [apps]
  resources: [deployments/scale, statefulsets/scale, replicasets/scale]
  verbs: [update]
- apiGroups: [apps]
  resources: [deployments, statefulsets, replicasets]
  verbs: [get, patch]
{{- range .Values.kubernetes.customWorkloads }}
- apiGroups: [{{ .apiGroup }}]
  resources: [{{ .resource }}/scale]
  verbs: [update]
- apiGroups: [{{ .apiGroup }}]
  resources: [{{ .resource }}]
  verbs: [get, patch]
{{- end }}
{{- end }}
{{- end -}}

{{/* What has no namespace; and all of the above where no namespaces are named. */}}
{{- define "forescale.clusterRules" -}}
{{- if not .Values.kubernetes.namespaces }}
{{ include "forescale.workloadRules" . }}
{{- end }}
{{- if .Values.settings.enabled }}
- apiGroups: [forescale.dev]
  resources: [budgets]
  verbs: [list, watch]
- apiGroups: [forescale.dev]
  resources: [budgets/status]
  verbs: [patch]
{{- end }}
{{- if .Values.metricsApi.enabled }}
# who calls, and whether they may
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
# whether another server owns the group
- apiGroups: [apiregistration.k8s.io]
  resources: [apiservices]
  verbs: [get]
{{- end }}
{{- end -}}

{{/* In its own namespace. */}}
{{- define "forescale.ownRules" -}}
{{- if gt (int .Values.replicas) 1 }}
# the controllers' lease
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "forescale.fullname" . }}]
  verbs: [get, update]
{{- end }}
{{- if and .Values.settings.enabled .Values.settings.configMap }}
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [{{ .Values.settings.configMap }}]
  verbs: [list, watch]
{{- end }}
{{- end -}}
