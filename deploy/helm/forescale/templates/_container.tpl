{{/* What both containers have: image, rights, environment and files. The root is read-only; /state and /tmp are not. */}}
{{- define "forescale.container" -}}
image: {{ include "forescale.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
env:
  - {name: FORESCALE_CONFIG, value: /etc/forescale/forescale.yaml}
  - {name: FORESCALE_STATE_DIR, value: /state}
  {{- if gt (int .Values.replicas) 1 }}
  - name: POD_IP
    valueFrom: {fieldRef: {fieldPath: status.podIP}}
  # where the others say that this one can be reached
  - {name: FORESCALE_LEADER__URL, value: "{{ include "forescale.scheme" . }}://$(POD_IP):8080"}
  {{- end }}
  {{- with .Values.extraEnv }}{{ toYaml . | nindent 2 }}{{ end }}
volumeMounts:
  - {name: config, mountPath: /etc/forescale, readOnly: true}
  - {name: state, mountPath: /state}
  - {name: tmp, mountPath: /tmp}
  {{- if .Values.ledger.existingSecret }}
  - {name: ledger, mountPath: /run/forescale/ledger, readOnly: true}
  {{- end }}
  {{- if ne .Values.tls.mode "none" }}
  - {name: tls, mountPath: /run/forescale/tls, readOnly: true}
  {{- end }}
  {{- range $i, $file := .Values.secretFiles }}
  - {name: secret-{{ $i }}, mountPath: {{ $file.path }}, readOnly: true}
  {{- end }}
{{- end -}}
