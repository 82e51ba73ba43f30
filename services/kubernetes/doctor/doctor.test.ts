/** The doctor on autoscalers as people have them: what it lists is swallowed by the HPA's model, and each trap is named with its field. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyMemory } from '../../../agents/hpa/normalize.ts'
import { reconcile } from '../../../agents/hpa/reconcile.ts'
import { documentsIn } from '../manifests/read.ts'
import { exampleOf } from '../roads/files.ts'
import { ROAD_NAMES } from '../roads/plan.ts'
import { type Autoscaler, readAutoscaler } from './autoscaler.ts'
import { type ClusterFacts, type DiagnoseInput, diagnose } from './diagnose.ts'
import { reportOf } from './report.ts'

const CLUSTER: ClusterFacts = {
  ...{ tolerance: 0.1, syncMs: 15_000, downscaleStabilizationMs: 300_000 },
  hasTolerance: undefined,
}

const metric = (over: object = {}) => ({
  type: 'External',
  external: {
    metric: {
      name: 'forescale_workload_desired_replicas',
      selector: { matchLabels: { workload: 'web', kind: 'Deployment' } },
    },
    target: { type: 'AverageValue', averageValue: '1' },
    ...over,
  },
})
const hpa = (spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    ...{ minReplicas: 2, maxReplicas: 20, metrics: [metric()] },
    ...spec,
  },
})
const PROMETHEUS = {
  type: 'prometheus',
  metadata: {
    ...{ serverAddress: 'http://p', query: 'max(forescale_workload_desired_replicas)' },
    ...{ threshold: '1', ignoreNullValues: 'false' },
  },
}
const FALLBACK = { failureThreshold: 3, replicas: 2, behavior: 'currentReplicasIfHigher' }
const scaled = (spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec: {
    ...{ scaleTargetRef: { name: 'web' }, minReplicaCount: 2, maxReplicaCount: 20 },
    ...{ triggers: [PROMETHEUS], fallback: FALLBACK },
    ...spec,
  },
})
const read = (document: object): Autoscaler => readAutoscaler(document, 'file')!
function examine(document: object, over: Partial<DiagnoseInput> = {}) {
  const autoscaler = read(document)
  const input = { all: [autoscaler], cluster: CLUSTER, leadSeconds: 45, at: [], ...over }
  return diagnose(autoscaler, input)
}
const trapsIn = (document: object, over: Partial<DiagnoseInput> = {}) =>
  examine(document, over).traps.map(({ id, severity }) => `${severity} ${id}`)

describe('the dead band of an HPA without behavior', () => {
  it('reads as a table, with the fixes', () => {
    expect(reportOf(examine(hpa()))).toEqual([
      'HorizontalPodAutoscaler shop/web → Deployment web, 2 to 20 replicas',
      'spec.metrics[0] External forescale_workload_desired_replicas: a number of replicas',
      'tolerance 10 % up, 10 % down',
      '',
      'AT  SWALLOWED WISHES  SMALLEST STEP  TWICE AS MANY             HALF AS MANY',
      ' 2  none              +1 no less     4: 4 at once              1: 2 at once (minimum)',
      ' 5  none              +1 −1          10: 10 at once            2: 2 in 5 min (stabilization)',
      '10  9, 11             +2 −2          20: 20 at once            5: 5 in 5 min (stabilization)',
      '20  18, 19            no more −3     40: 20 at once (maximum)  10: 10 in 5 min (stabilization)',
      'wishes over 20 and under 2 are cut to these bounds',
      '',
      'so that nothing is swallowed, either of:',
      '  - spec.behavior.scaleUp.tolerance: "0" and scaleDown.tolerance: "0" (where the cluster has it: Kubernetes 1.35, or 1.33 with the gate HPAConfigurableTolerance)',
      '  - forescale k8s manifest web --carry load: the band is then one of load: what it swallows is utilization within the tolerance, and no decision',
      '  - raise minReplicas to what must never be missing: a bound is outside the tolerance',
      '  - forescale k8s manifest web --road direct: Forescale writes the count itself',
    ])
  })

  it('does not name the tolerance where the cluster was asked and has none', () => {
    const { fixes } = examine(hpa(), { cluster: { ...CLUSTER, hasTolerance: false } })
    expect(fixes[0]).toContain('--carry load')
    const { fixes: known } = examine(hpa(), { cluster: { ...CLUSTER, hasTolerance: true } })
    expect(known[0]).toContain('this cluster has it')
  })

  it('is gone with tolerance 0, and then no fix is named', () => {
    const none = { tolerance: '0' }
    const { rows, fixes } = examine(hpa({ behavior: { scaleUp: none, scaleDown: none } }))
    expect(rows.every(({ swallowed }) => swallowed.length === 0)).toBe(true)
    expect(fixes).toEqual([])
  })

  it('is tried with the changes that were decided', () => {
    const decided = [
      ...Array.from({ length: 3 }, () => ({ from: 10, to: 11 })),
      ...[
        { from: 20, to: 19 },
        { from: 5, to: 6 },
        { from: 10, to: 14 },
        { from: 4, to: 4 },
      ],
    ]
    const { tried } = examine(hpa(), { decided })
    expect(tried).toEqual({
      ...{ changes: 6, swallowed: 4 },
      examples: [
        { from: 10, to: 11, times: 3 },
        { from: 20, to: 19, times: 1 },
      ],
    })
  })
})

describe('each trap', () => {
  it.each([
    [
      'a count as Value',
      hpa({ metrics: [metric({ target: { type: 'Value', value: '1' } })] }),
      'fault count-as-value',
    ],
    [
      'a count with another target',
      hpa({ metrics: [metric({ target: { type: 'AverageValue', averageValue: '2' } })] }),
      'fault target-not-one',
    ],
    [
      'no selector',
      hpa({ metrics: [metric({ metric: { name: 'forescale_workload_desired_replicas' } })] }),
      'fault no-selector',
    ],
    [
      'CPU beside ours',
      hpa({
        metrics: [
          metric(),
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
          },
        ],
      }),
      'warning metric-beside',
    ],
    [
      'a window before increases',
      hpa({ behavior: { scaleUp: { stabilizationWindowSeconds: 30 } } }),
      'warning slow-up',
    ],
    [
      'a window as long as the lead',
      hpa({ behavior: { scaleUp: { stabilizationWindowSeconds: 45 } } }),
      'fault slow-up',
    ],
    [
      'no increases',
      hpa({ behavior: { scaleUp: { selectPolicy: 'Disabled' } } }),
      'fault disabled',
    ],
    [
      'no decreases',
      hpa({ behavior: { scaleDown: { selectPolicy: 'Disabled' } } }),
      'warning disabled',
    ],
    ['zero by an HPA', hpa({ minReplicas: 0 }), 'note zero-by-hpa'],
    [
      'a custom metric',
      hpa({ metrics: [{ type: 'Object', object: { ...metric().external, describedObject: {} } }] }),
      'note adapter-retired',
    ],
    [
      'nulls as zero',
      scaled({
        triggers: [{ ...PROMETHEUS, metadata: { ...PROMETHEUS.metadata, ignoreNullValues: true } }],
      }),
      'fault null-is-zero',
    ],
    ['no fallback', scaled({ fallback: null }), 'fault no-fallback'],
    [
      'a fallback that shrinks',
      scaled({ fallback: { failureThreshold: 3, replicas: 2 } }),
      'warning fallback-shrinks',
    ],
    [
      'paused',
      scaled({}, { annotations: { 'autoscaling.keda.sh/paused-replicas': '3' } }),
      'fault paused',
    ],
    [
      'a poll longer than the lead',
      scaled({ minReplicaCount: 0, pollingInterval: 60 }),
      'warning poll-after-lead',
    ],
    ['a cooldown longer than the lead', scaled({ minReplicaCount: 0 }), 'note cooldown-after-lead'],
  ])('%s', (_what, document, trap) => {
    expect(trapsIn(document)).toContain(trap)
  })

  it('is not named of what is as it should be', () => {
    for (const road of ROAD_NAMES.filter((one) => one !== 'direct' && one !== 'hpa-adapter'))
      for (const { document, place } of documentsIn(exampleOf(road, 'replicas'), road)) {
        const autoscaler = readAutoscaler(document, place)
        if (!autoscaler) continue // the key's TriggerAuthentication
        const diagnosis = diagnose(autoscaler, {
          all: [autoscaler],
          cluster: CLUSTER,
          leadSeconds: 45,
          at: [],
        })
        expect(diagnosis.traps, road).toEqual([])
        expect(diagnosis.fixes, road).toEqual([])
        expect(diagnosis.metric, road).not.toBeNull()
      }
  })

  it('two that scale the same, but not KEDA and its own HPA', () => {
    const other = read(hpa({}, { name: 'second' }))
    const kedas = read(
      hpa({}, { name: 'keda-hpa-web', labels: { 'scaledobject.keda.sh/name': 'web' } }),
    )
    expect(trapsIn(scaled(), { all: [read(scaled()), kedas] })).not.toContain('fault two-writers')
    const one = read(hpa())
    expect(
      diagnose(one, { all: [one, other], cluster: CLUSTER, leadSeconds: 45, at: [] }).traps[0],
    ).toMatchObject({
      id: 'two-writers',
      why: expect.stringContaining('HorizontalPodAutoscaler second'),
    })
  })

  it('a service that is not enforced, and bounds that differ', () => {
    const service = { mode: 'recommend', leadSeconds: 45, minReplicas: 1, maxReplicas: 30 }
    expect(trapsIn(hpa(), { service })).toEqual(['fault not-enforced', 'warning bounds-differ'])
  })
})

describe('what is read', () => {
  it('is a number of replicas or a load by the metric name, and nobody else is ours', () => {
    const load = hpa({
      metrics: [
        metric({
          metric: {
            name: 'forescale_workload_forecast_requests_per_second',
            selector: { matchLabels: { workload: 'web' } },
          },
          target: { type: 'AverageValue', averageValue: '32' },
        }),
      ],
    })
    expect(examine(load)).toMatchObject({ form: 'load', traps: [] })
    expect(examine(hpa({ metrics: null }))).toMatchObject({ metric: null, form: 'replicas' })
  })

  it('is refused with field, value and what is allowed', () => {
    expect(() => read(hpa({ maxReplicas: 'many' }))).toThrow(
      /file: spec.maxReplicas: "many" is not allowed/,
    )
    expect(() => readAutoscaler({ ...hpa(), apiVersion: 'autoscaling/v1' }, 'f')).toThrow(
      /autoscaling\/v2/,
    )
    expect(readAutoscaler({ kind: 'Deployment' }, 'f')).toBeUndefined()
  })
})

it('what it lists as swallowed is left alone by the model of the HPA, for ever; what it names as smallest is not', () => {
  const tolerances = fc.constantFrom('0', '50m', '0.1', '0.25')
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 0, max: 170 }),
      tolerances,
      tolerances,
      (min, more, up, down) => {
        const behavior = {
          scaleUp: { tolerance: up },
          scaleDown: { tolerance: down, stabilizationWindowSeconds: 0 },
        }
        const document = hpa({ minReplicas: min, maxReplicas: min + more, behavior })
        const { behavior: own } = read(document)
        for (const { current, swallowed, smallestUp, smallestDown } of examine(document).rows) {
          const after = (wanted: number) => {
            let state = { replicas: current, memory: emptyMemory }
            for (let pass = 0; pass < 30; pass++)
              state = reconcile({
                spec: { minReplicas: min, maxReplicas: min + more, behavior: own! },
                specReplicas: state.replicas,
                metrics: [
                  {
                    type: 'External',
                    target: { type: 'AverageValue', milli: 1000 },
                    items: [wanted * 1000],
                    pods: [],
                  },
                ],
                memory: state.memory,
                nowMs: pass * 15_000,
              })
            return state.replicas
          }
          for (const wanted of swallowed) expect(after(wanted)).toBe(current)
          if (smallestUp !== null) expect(after(current + smallestUp)).toBeGreaterThan(current)
          if (smallestDown !== null) expect(after(current - smallestDown)).toBeLessThan(current)
        }
      },
    ),
    { numRuns: 25 },
  )
})
