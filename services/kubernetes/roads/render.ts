/** A manifest as text: why each figure is what it is, then YAML. Pure. */
import { stringify } from 'yaml'
import { type CarriedOptions, hpaOf, levelOf } from './hpa.ts'
import { type KedaOptions, kedaOf } from './keda.ts'
import { consumerLagMs, horizonMs, ROADS, type Road, type ServicePlan } from './plan.ts'

export type RenderOptions = CarriedOptions & KedaOptions

export function renderManifest(plan: ServicePlan, road: Road, options: RenderOptions): string {
  if (road === 'direct') return direct(plan)
  const documents =
    road === 'hpa-external' || road === 'hpa-adapter'
      ? [hpaOf(plan, road, options)]
      : kedaOf(plan, road, options)
  const lines = headOf(plan, road, options).map((line) => `# ${line}\n`)
  return `${lines.join('')}${documents.map(yaml).join('---\n')}`
}

export const yaml = (document: object): string =>
  stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })

const seconds = (ms: number): string => `${Number((ms / 1000).toPrecision(3))} s`

function headOf(plan: ServicePlan, road: Road, options: RenderOptions): string[] {
  const { service, origin, leadTimeMs, tickMs } = plan
  const lagMs = consumerLagMs(road, options.times)
  const known = origin === 'learned' ? 'learned from what runs' : 'declared, not measured yet'
  return [
    `${service}: ${ROADS[road]}`,
    `Lead time ${seconds(leadTimeMs)} (${known}), a tick of ${seconds(tickMs)} and ${seconds(lagMs)} until this is read: a`,
    `horizon of ${seconds(horizonMs(plan, road, options.times))}. kubernetes.signal.consumerLagMs must be ${lagMs} at least.`,
    ...(options.carried === 'replicas' ? replicasLines(options) : loadLines(plan, options)),
  ]
}

function replicasLines({ tolerance }: RenderOptions): string[] {
  return [
    'The metric is the decided number of replicas; it is there only where the mode is enforce.',
    ...(tolerance
      ? [
          'tolerance: "0" needs Kubernetes 1.35 (1.33 with the gate HPAConfigurableTolerance); else --no-tolerance.',
        ]
      : ['Without tolerance steps within 10 % are swallowed: forescale k8s doctor lists them.']),
  ]
}

function loadLines(plan: ServicePlan, options: RenderOptions): string[] {
  const { capacityPerReplica, targetUtilization } = plan
  const capacity = Number(capacityPerReplica.toPrecision(3))
  return [
    `The metric is the forecast load at the ${levelOf(plan, options)} quantile, whatever mode and budget; target = ${capacity} requests/s of a`,
    `replica × ${targetUtilization}. The HPA's own tolerance stands: forescale k8s doctor lists what it swallows.`,
  ]
}

/** Nothing to apply but annotations: the controller writes the workload's scale subresource. */
function direct({ service, workload, minReplicas, maxReplicas }: ServicePlan): string {
  const { namespace, kind, name, apiVersion } = workload
  const patch = {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace,
      annotations: {
        'forescale.dev/enabled': 'true',
        'forescale.dev/mode': 'enforce',
        'forescale.dev/min-replicas': String(minReplicas),
        'forescale.dev/max-replicas': String(maxReplicas),
      },
    },
  }
  const head = [
    `${service}: ${ROADS.direct}`,
    'Annotations alone (kubectl apply --server-side --field-manager=forescale-settings -f -). Take the workload out of every',
    'HPA and ScaledObject first: Forescale leaves one with another writer alone and says Conflict.',
  ]
  return `${head.map((line) => `# ${line}\n`).join('')}${yaml(patch)}`
}
