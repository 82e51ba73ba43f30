{{- define "forescale.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "forescale.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "forescale.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "forescale.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "forescale.selectorLabels" -}}
app.kubernetes.io/name: {{ include "forescale.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "forescale.labels" -}}
{{ include "forescale.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "forescale.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "forescale.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is needed where serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "forescale.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "forescale.tlsSecret" -}}
{{- if eq .Values.tls.mode "existingSecret" -}}
{{- required "tls.existingSecret is needed with tls.mode existingSecret" .Values.tls.existingSecret -}}
{{- else -}}
{{- include "forescale.fullname" . }}-tls
{{- end -}}
{{- end -}}

{{/* Names that the certificate must hold: of the three Services, as they are called from within the cluster. */}}
{{- define "forescale.dnsNames" -}}
{{- $namespace := .Release.Namespace -}}
{{- $full := include "forescale.fullname" . -}}
{{- range list $full (printf "%s-metrics" $full) (printf "%s-scaler" $full) }}
- {{ . }}.{{ $namespace }}.svc
- {{ . }}.{{ $namespace }}.svc.cluster.local
- {{ . }}.{{ $namespace }}
{{- end }}
{{- end -}}

{{- define "forescale.scheme" -}}
{{- if .Values.tls.http }}https{{ else }}http{{ end -}}
{{- end -}}

{{/* What the chart itself says in forescale.yaml; .Values.config is laid over it. */}}
{{- define "forescale.config" -}}
{{- $full := include "forescale.fullname" . -}}
{{- $svc := printf "%s.%s" $full .Release.Namespace -}}
{{- $hosts := concat (list $full $svc (printf "%s.svc" $svc) (printf "%s.svc.cluster.local" $svc)) .Values.allowedHosts -}}
{{- $tls := dict "certFile" "/run/forescale/tls/tls.crt" "keyFile" "/run/forescale/tls/tls.key" -}}
{{- $http := dict "host" "0.0.0.0" "port" 8080 "auth" (dict "required" true) "allowedHosts" $hosts -}}
{{- if .Values.tls.http }}{{ $_ := set $http "tls" $tls }}{{ end -}}
{{- $kubernetes := dict "namespaces" .Values.kubernetes.namespaces -}}
{{- if .Values.settings.enabled -}}
{{- $settings := dict -}}
{{- if .Values.settings.configMap }}{{ $_ := set $settings "configMap" (dict "namespace" .Release.Namespace "name" .Values.settings.configMap) }}{{ end -}}
{{- $_ := set $kubernetes "settings" $settings -}}
{{- end -}}
{{- if .Values.metricsApi.enabled -}}
{{- $service := dict "namespace" .Release.Namespace "name" (printf "%s-metrics" $full) "port" 443 -}}
{{- $_ := set $kubernetes "metricsApi" (dict "port" .Values.metricsApi.port "apis" .Values.metricsApi.apis "tls" $tls "service" $service) -}}
{{- end -}}
{{- if .Values.scaler.enabled -}}
{{- $_ := set $kubernetes "scaler" (dict "host" "0.0.0.0" "port" .Values.scaler.port "tls" $tls) -}}
{{- end -}}
{{- $config := dict "mode" .Values.mode "http" $http "kubernetes" $kubernetes "actuator" (dict "kind" "kubernetes") -}}
{{- if .Values.ledger.existingSecret -}}
{{- $_ := set $config "ledger" (dict "kind" "postgresql" "urlFile" "/run/forescale/ledger/url") -}}
{{- end -}}
{{- if gt (int .Values.replicas) 1 -}}
{{- $lease := dict "kind" "kubernetes" "namespace" .Release.Namespace "name" $full -}}
{{- $_ := set $config "leader" (dict "election" true "lease" $lease) -}}
{{- end -}}
{{- toYaml (mergeOverwrite $config (deepCopy .Values.config)) -}}
{{- end -}}

{{/* What does not go together, said before anything is made. */}}
{{- define "forescale.check" -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.ledger.existingSecret) -}}
{{- fail "replicas: more than one controller needs a ledger that they share: set ledger.existingSecret to a Secret with PostgreSQL's address" -}}
{{- end -}}
{{- if and (eq .Values.tls.mode "none") (or .Values.metricsApi.enabled .Values.scaler.enabled .Values.tls.http) -}}
{{- fail "tls.mode: metricsApi, scaler and tls.http need a certificate: existingSecret, certManager or generated" -}}
{{- end -}}
{{- if and (eq .Values.tls.mode "certManager") (not .Values.tls.issuerRef.name) -}}
{{- fail "tls.issuerRef.name: names the issuer that signs, with tls.mode certManager" -}}
{{- end -}}
{{- if and .Values.metricsApi.enabled (eq .Values.tls.mode "existingSecret") (not .Values.metricsApi.caBundle) -}}
{{- fail "metricsApi.caBundle: the API server must know who signed the certificate in tls.existingSecret (base64 of PEM)" -}}
{{- end -}}
{{- if and (not .Values.settings.enabled) (not .Values.config.services) -}}
{{- fail "config.services: names at least one service, or settings.enabled finds some in the cluster" -}}
{{- end -}}
{{- end -}}
