{{/* What the components' files have in common. */}}

{{/* The labels that select a component's pods: (list $ "loki"). */}}
{{- define "stack.selector" -}}
app.kubernetes.io/name: {{ index . 1 }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
{{- end }}

{{- define "stack.labels" -}}
{{ include "stack.selector" . }}
app.kubernetes.io/part-of: "edge"
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
{{- end }}

{{/* A component's files as the data of a ConfigMap, whose keys cannot have a '/': (list $ "loki"). */}}
{{- define "stack.files" -}}
{{- $root := index . 0 }}
{{- $folder := printf "configs/%s/" (index . 1) }}
{{- range $path, $_ := $root.Files.Glob (printf "%s**" $folder) }}
{{ trimPrefix $folder $path | replace "/" "__" | quote }}: {{ $root.Files.Get $path | toJson }}
{{- end }}
{{- end }}

{{/* The same files put back into folders: (list $ "grafana" "provisioning/"). */}}
{{- define "stack.items" -}}
{{- $root := index . 0 }}
{{- $folder := printf "configs/%s/" (index . 1) }}
{{- $below := printf "%s%s" $folder (index . 2) }}
{{- range $path, $_ := $root.Files.Glob (printf "%s**" $below) }}
- {key: {{ trimPrefix $folder $path | replace "/" "__" | quote }}, path: {{ trimPrefix $below $path | quote }}}
{{- end }}
{{- end }}

{{/* The content of a secret, or what is to be done about it: (list $ "grafana"). */}}
{{- define "stack.secret" -}}
{{- $hint := printf "secrets.%s is missing: add -f secrets/values.yaml, or name a secret of your own in existingSecrets.%s" (index . 1) (index . 1) }}
{{- required $hint (index (index . 0).Values.secrets (index . 1)) | toYaml }}
{{- end }}

{{/* The name of a secret: (list $ "grafana"). */}}
{{- define "stack.secretName" -}}
{{- index (index . 0).Values.existingSecrets (index . 1) | default (index . 1) }}
{{- end }}

{{/* A size such as 20Gi as a number of bytes. */}}
{{- define "stack.bytes" -}}
{{- $units := dict "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 "Pi" 1125899906842624.0 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 }}
{{- mulf (regexFind "^[0-9.]+" . | float64) (index $units (regexFind "[A-Za-z]+$" .) | default 1.0) }}
{{- end }}

{{/* The template of a component's volume: (list $ "loki" "loki-data" "20Gi"). A stateful set never changes it, so that
     of one that is there is kept; volumes themselves are made larger by whoever runs the stack (checkVolumes). */}}
{{- define "stack.claim" -}}
{{- $root := index . 0 }}
{{- $size := index . 3 }}
{{- $class := $root.Values.storageClass }}
{{- range dig "spec" "volumeClaimTemplates" list (lookup "apps/v1" "StatefulSet" $root.Release.Namespace (index . 1)) }}
{{- if eq .metadata.name (index $ 2) }}
{{- $size = .spec.resources.requests.storage }}
{{- $class = .spec.storageClassName }}
{{- end }}
{{- end -}}
- metadata:
    name: {{ index . 2 }}
    labels: {{- include "stack.labels" (list $root (index . 1)) | nindent 6 }}
  spec:
    accessModes: [ReadWriteOnce]
    {{- with $class }}
    storageClassName: {{ . | quote }}
    {{- end }}
    resources:
      requests:
        storage: {{ $size }}
{{- end }}

{{/* Refuses a plan that has outgrown a volume: (list $ "loki" "loki-data" "20Gi"). */}}
{{- define "stack.checkVolume" -}}
{{- $root := index . 0 }}
{{- $name := printf "%s-%s-0" (index . 2) (index . 1) }}
{{- with lookup "v1" "PersistentVolumeClaim" $root.Release.Namespace $name }}
{{- $there := .spec.resources.requests.storage }}
{{- if and $root.Values.checkVolumes (lt (include "stack.bytes" $there | float64) (include "stack.bytes" (index $ 3) | float64)) }}
{{- fail (printf "the volume %s has %s and the plan wants %s. Where its storage class can resize: kubectl -n %s patch pvc %s -p '{\"spec\":{\"resources\":{\"requests\":{\"storage\":\"%s\"}}}}'. Otherwise plan for less, or leave it: ./apply --set checkVolumes=false" $name $there (index $ 3) $root.Release.Namespace $name (index $ 3)) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Where pods may run and how their images are pulled. */}}
{{- define "stack.placing" -}}
{{- $out := dict }}
{{- range $key := list "imagePullSecrets" "nodeSelector" "tolerations" }}
{{- with index $.Values $key }}{{ $_ := set $out $key . }}{{ end }}
{{- end }}
{{- if $out }}{{ toYaml $out }}{{ end }}
{{- end }}
