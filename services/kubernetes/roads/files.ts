/** What deploy/kubernetes ships for prometheus-adapter, HPA and KEDA: the rules, and an example of each road. Pure. */
import { Behavior } from '../../../agents/service-spec.ts'
import { WorkloadRef } from '../workload.ts'
import { CUSTOM_RULES, EXTERNAL_RULES } from './adapter-rules.ts'
import {
  type Carried,
  ROAD_NAMES,
  type Road,
  type ServicePlan,
  USUAL_ADDRESSES,
  USUAL_TIMES,
} from './plan.ts'
import { renderManifest, yaml } from './render.ts'

/** A shop's front end, as the owner declares it. */
export const EXAMPLE_PLAN: ServicePlan = {
  service: 'search',
  workload: WorkloadRef.parse({ namespace: 'shop', name: 'search' }),
  ...{ minReplicas: 2, maxReplicas: 20 },
  behavior: Behavior.parse({}),
  ...{ capacityPerReplica: 40, targetUtilization: 0.8, objective: 0.99 },
  ...{ leadTimeMs: 45_000, tickMs: 15_000 },
  origin: 'declared',
}

export const exampleOf = (road: Road, carried: Carried, tolerance = true): string =>
  renderManifest(EXAMPLE_PLAN, road, {
    ...{ carried, tolerance, addresses: USUAL_ADDRESSES, times: USUAL_TIMES },
  })

const WRITTEN = '# Written by `node services/kubernetes/roads/write.ts`.\n'
const RULES_HEAD = `${WRITTEN}# For prometheus-adapter (its ConfigMap's config.yaml; under \`rules\` of its Helm chart: external, custom). Needs the scrape
# of Forescale to honour its labels (honor_labels, in a ServiceMonitor honorLabels): they say whose the workload is.
# Upstream retires prometheus-adapter in favour of KEDA; docs/kubernetes.md has the roads without it.
`

/** Text by path under deploy/kubernetes. */
export function roadFiles(): ReadonlyMap<string, string> {
  const { externalRules } = EXTERNAL_RULES
  const { rules } = CUSTOM_RULES
  return new Map([
    ['prometheus-adapter/external-rules.yaml', `${RULES_HEAD}${yaml({ externalRules })}`],
    ['prometheus-adapter/custom-rules.yaml', `${RULES_HEAD}${yaml({ rules })}`],
    ...ROAD_NAMES.map(
      (road) => [`roads/${road}.yaml`, `${WRITTEN}${exampleOf(road, 'replicas')}`] as const,
    ),
    ['roads/hpa-external-load.yaml', `${WRITTEN}${exampleOf('hpa-external', 'load')}`],
    ['roads/keda-prometheus-load.yaml', `${WRITTEN}${exampleOf('keda-prometheus', 'load')}`],
  ])
}
