/** Settings out of the cluster: what stands, what is refused and told, and that nobody gets more than was allowed. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Mode, type ServiceSpec } from '../../../agents/service-spec.ts'
import { AppConfig } from '../../config.ts'
import { serviceNameFor } from '../workload.ts'
import { ADMINISTRATORS_ONLY, FIELDS, LEAVES } from './fields.ts'
import { overlay } from './overlay.ts'
import type { ObjectReport } from './reports.ts'
import { faultText } from './seen.ts'
import {
  baseOf,
  budgetArb,
  budgetOf,
  deployment,
  limitsArb,
  policyOf,
  seenArb,
  seenOf,
  workloadArb,
} from './test-seen.ts'

const ENABLED = { 'forescale.dev/enabled': 'true' }
const faultsOf = (reports: readonly ObjectReport[], kind = '') =>
  reports
    .filter((one) => one.object.kind.startsWith(kind))
    .flatMap((one) => one.faults.map(faultText))
const rank = (mode: Mode | undefined) => Mode.options.indexOf(mode ?? 'enforce')

describe('the fields of a tenant', () => {
  it('are every setting of a service that is decided on, each under one name', () => {
    const undecided = LEAVES.map(({ path }) => path).filter(
      (path) => !FIELDS.some((f) => f.path === path) && !ADMINISTRATORS_ONLY.includes(path),
    )
    expect(undecided, 'say in fields.ts whether a tenant may set it').toEqual([])
    expect(new Set(FIELDS.map((f) => f.annotation)).size).toBe(FIELDS.length)
    for (const { annotation } of FIELDS)
      expect(annotation).toMatch(/^forescale\.dev\/[a-z]([-a-z]{0,61}[a-z])?$/)
  })
})

describe('settings of the cluster', () => {
  it('make a service of an annotated workload, with what its annotations say', () => {
    const web = deployment('web', {
      ...ENABLED,
      'forescale.dev/max-replicas': '7',
      'forescale.dev/mode': 'recommend',
      'forescale.dev/slo-objective': '0.95',
      'forescale.dev/behavior-scale-down-policies':
        '[{"type":"Pods","value":2,"periodSeconds":60}]',
    })
    const { config, reports } = overlay(baseOf(), seenOf({ workloads: [web, deployment('x', {})] }))
    expect(Object.keys(config.services)).toEqual(['shop--web'])
    expect(config.services['shop--web']).toMatchObject({
      maxReplicas: 7,
      mode: 'recommend',
      slo: { objective: 0.95, latencySeconds: 0.5 },
      behavior: { scaleDown: { policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] } },
    })
    expect(config.kubernetes!.workloads['shop--web']).toEqual(web.ref)
    expect(reports.map((one) => [one.object.name, one.services, one.faults])).toEqual([
      ['web', ['shop--web'], []],
    ])
  })

  it('tell of each annotation that is wrong, and take the others', () => {
    const annotations = {
      ...ENABLED,
      'forescale.dev/max-replicas': 'many',
      'forescale.dev/min-replica': '2',
      'forescale.dev/tier': 'xlarge',
      'forescale.dev/weight': '2',
      'forescale.dev/last-decision': 'written by Forescale',
      'example.com/mode': 'x',
    }
    const { config, reports } = overlay(
      baseOf({ defaults: { maxReplicas: 12 } }),
      seenOf({ workloads: [deployment('web', annotations)] }),
    )
    expect(config.services['shop--web']).toMatchObject({ maxReplicas: 12, weight: 2 })
    expect(faultsOf(reports)).toEqual([
      'forescale.dev/max-replicas "many": allowed: a whole number from 1 to 10000; it counts as not given',
      'forescale.dev/min-replica "2": there is no such annotation; did you mean forescale.dev/min-replicas?; it counts as not given',
      'forescale.dev/tier "xlarge": there is no such annotation; it counts as not given',
    ])
  })

  it('stand in their order: ScalingPolicy over annotation over ConfigMap over the defaults of the file', () => {
    const said = { weight: 2, maxReplicas: 11, capacityPerReplica: 3, startupSeconds: 4 }
    const globals = {
      object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'a', name: 'g', uid: 'g' },
      text: 'defaults: {maxReplicas: 22, capacityPerReplica: 33, startupSeconds: 44}',
    }
    const web = deployment('web', {
      ...ENABLED,
      'forescale.dev/capacity-per-replica': '333',
      'forescale.dev/startup-seconds': '444',
    })
    const policies = [policyOf('p', 'web', { startupSeconds: 4444 })]
    const { config } = overlay(
      baseOf({ defaults: said }),
      seenOf({ workloads: [web], policies, globals }),
    )
    expect(config.services['shop--web']).toMatchObject({
      ...{ weight: 2, maxReplicas: 22, capacityPerReplica: 333, startupSeconds: 4444 },
    })
  })

  it('bring what asks for more than a limit back to it, and say so to who asked', () => {
    const web = deployment('web', { ...ENABLED, 'forescale.dev/max-replicas': '90' })
    const policies = [policyOf('p', 'cart', { mode: 'enforce', pricePerReplicaHour: 0.001 })]
    const limits = { maxReplicas: 20, mode: 'recommend', pricePerReplicaHour: 0.05 }
    const { config, reports } = overlay(
      baseOf(),
      seenOf({
        workloads: [web, deployment('cart', {})],
        policies,
        budgets: [budgetOf('shop', { namespaces: ['shop'], limits })],
      }),
    )
    expect(config.services['shop--web']).toMatchObject({ maxReplicas: 20, mode: 'recommend' })
    expect(config.services['shop--cart']).toMatchObject({
      ...{ mode: 'recommend', pricePerReplicaHour: 0.05 },
    })
    expect(faultsOf(reports, 'Deployment')).toEqual([
      'forescale.dev/max-replicas 90: the limit is 20, which stands',
    ])
    expect(faultsOf(reports, 'ScalingPolicy')).toEqual([
      'spec.pricePerReplicaHour 0.001: the limit is 0.05, which stands',
      'spec.mode "enforce": the limit is "recommend", which stands',
    ])
  })

  it('narrow a service of the file, never widen it', () => {
    const ref = { namespace: 'shop', name: 'web' }
    const base = baseOf(
      {},
      { services: { web: { maxReplicas: 8, mode: 'recommend' } } },
      { web: ref },
    )
    const wide = { 'forescale.dev/max-replicas': '9', 'forescale.dev/mode': 'enforce' }
    const narrow = { 'forescale.dev/max-replicas': '5', 'forescale.dev/enabled': 'false' }
    const service = (annotations: Record<string, string>) =>
      overlay(base, seenOf({ workloads: [deployment('web', annotations)] })).config.services.web
    expect(service(wide)).toMatchObject({ maxReplicas: 8, mode: 'recommend' })
    expect(service(narrow)).toMatchObject({ maxReplicas: 5, mode: 'off' })
    expect(service({})).toEqual(base.services.web)
  })

  it('take the older of two ScalingPolicies for one workload, and tell the other', () => {
    const policies = [policyOf('late', 'web', { weight: 3 }, 2), policyOf('early', 'web', {}, 1)]
    const { config, reports } = overlay(
      baseOf(),
      seenOf({ workloads: [deployment('web', {})], policies }),
    )
    expect(config.services['shop--web']!.weight).toBe(1)
    const [early, late] = reports.filter((one) => one.object.kind === 'ScalingPolicy')
    expect([early!.faults, early!.services]).toEqual([[], ['shop--web']])
    expect([late!.faults[0]!.kind, late!.services]).toEqual(['conflict', []])
  })

  it('lower the budget and the mode of the whole cluster, never raise them', () => {
    const base = baseOf({}, { costBudgetPerHour: 10, mode: 'recommend' })
    const of = (costPerHour: number) =>
      overlay(base, seenOf({ budgets: [budgetOf('all', { costPerHour, costPerDay: 7 })] })).config
    expect(of(3)).toMatchObject({ costBudgetPerHour: 3, budget: { perDay: 7 } })
    expect(of(30).costBudgetPerHour).toBe(10)
  })

  it('keep a namespace within its Budget, in proportion to what was asked for', () => {
    const workloads = ['web', 'cart'].map((name) =>
      deployment(name, {
        ...ENABLED,
        'forescale.dev/max-replicas': name === 'web' ? '30' : '10',
        'forescale.dev/price-per-replica-hour': '0.1',
      }),
    )
    const budgets = [budgetOf('shop', { namespaces: ['shop'], costPerHour: 2 })]
    const { config, reports } = overlay(baseOf(), seenOf({ workloads, budgets }))
    expect(Object.values(config.services).map((s) => s.maxReplicas)).toEqual([5, 15])
    expect(reports.filter((one) => one.budgetBound).map((one) => one.object.name)).toEqual([
      ...['shop', 'cart', 'web'],
    ])
  })
})

it('a Budget of which something is wrong still binds by the rest of it', () => {
  const spec = { costPerHour: 3, limits: { minReplicas: 2, maxReplicas: 1 }, costPerDay: -1 }
  const { config, reports } = overlay(
    baseOf(),
    seenOf({ workloads: [deployment('web')], budgets: [budgetOf('all', spec)] }),
  )
  expect(config).toMatchObject({ costBudgetPerHour: 3, budget: { reactiveShare: 0.7 } })
  expect(config.budget.perDay).toBeUndefined()
  expect(config.services['shop--web']).toMatchObject({ minReplicas: 1, maxReplicas: 1 })
  expect(faultsOf(reports, 'Budget').join()).toContain('spec.costPerDay')
})

describe('whatever is written into the cluster', () => {
  const wholeBase = fc
    .record({ limits: limitsArb, maxReplicas: fc.integer({ min: 1, max: 12 }) })
    .map(({ limits, maxReplicas }) =>
      baseOf(
        { limits },
        { services: { own: { maxReplicas }, free: {} } },
        {
          own: { namespace: 'shop', name: 'pay' },
        },
      ),
    )

  it('is a configuration in the end, within every limit, budget and mode of the administrator', () => {
    fc.assert(
      fc.property(wholeBase, seenArb, (base, seen) => {
        const { config } = overlay(base, seen)
        expect(AppConfig.safeParse(config).error).toBeUndefined()
        expect(config.costBudgetPerHour).toBeLessThanOrEqual(base.costBudgetPerHour)
        expect(rank(config.mode)).toBeLessThanOrEqual(rank(base.mode))
        expect(config.services.free).toEqual(base.services.free)
        expect(config.services.own!.maxReplicas).toBeLessThanOrEqual(base.services.own!.maxReplicas)
        const limits = base.kubernetes!.settings!.limits as Partial<ServiceSpec>
        for (const [service, spec] of Object.entries(config.services)) {
          if (service === 'free' || service === 'own') continue
          expect(spec.maxReplicas).toBeLessThanOrEqual(limits.maxReplicas ?? 1e4)
          expect(spec.weight).toBeLessThanOrEqual(limits.weight ?? 1e300)
          expect(spec.pricePerReplicaHour).toBeGreaterThanOrEqual(limits.pricePerReplicaHour ?? 0)
          expect(rank(spec.mode)).toBeLessThanOrEqual(rank(limits.mode))
        }
      }),
      { numRuns: 100 },
    )
  })

  it('costs a namespace no more than its Budget, unless one replica of each does', () => {
    const many = fc.uniqueArray(workloadArb, {
      selector: (w) => serviceNameFor(w.ref),
      maxLength: 6,
    })
    fc.assert(
      fc.property(many, budgetArb, (workloads, budget) => {
        const spec = Object(budget.spec)
        fc.pre(Array.isArray(spec.namespaces) && spec.costPerHour > 0)
        const { config, reports } = overlay(baseOf(), seenOf({ workloads, budgets: [budget] }))
        const own = Object.entries(config.services).filter(([service]) =>
          spec.namespaces.includes(config.kubernetes!.workloads[service]!.namespace),
        )
        const most = own.reduce((sum, [, s]) => sum + s.maxReplicas * s.pricePerReplicaHour, 0)
        const report = reports.find((one) => one.object.kind === 'Budget')!
        if (most > spec.costPerHour + 1e-9) {
          expect(own.every(([, s]) => s.maxReplicas === 1)).toBe(true)
          expect(report.faults.some((f) => f.field === 'spec.costPerHour')).toBe(true)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('does not depend on the order in which it is seen', () => {
    fc.assert(
      fc.property(wholeBase, seenArb, (base, seen) => {
        const turned = {
          ...seen,
          workloads: seen.workloads.toReversed(),
          policies: seen.policies.toReversed(),
          budgets: seen.budgets.toReversed(),
        }
        expect(overlay(base, turned)).toEqual(overlay(base, seen))
      }),
      { numRuns: 60 },
    )
  })

  it('touches no service but its own: a workload more changes nothing of the others', () => {
    fc.assert(
      fc.property(wholeBase, seenArb, workloadArb, (base, seen, extra) => {
        const free = { ...seen, budgets: [] }
        fc.pre(seen.workloads.every((w) => serviceNameFor(w.ref) !== serviceNameFor(extra.ref)))
        const without = overlay(base, free).config.services
        const withIt = overlay(base, { ...free, workloads: [...seen.workloads, extra] }).config
        for (const [service, spec] of Object.entries(without))
          if (withIt.kubernetes!.workloads[service]?.name !== extra.ref.name)
            expect(withIt.services[service]).toEqual(spec)
      }),
      { numRuns: 60 },
    )
  })

  it('that is refused is told, and what is told is never taken', () => {
    fc.assert(
      fc.property(workloadArb, (workload) => {
        const { config, reports } = overlay(baseOf(), seenOf({ workloads: [workload] }))
        const faults = reports.flatMap((one) => one.faults)
        const enabled = workload.annotations['forescale.dev/enabled']
        expect(Object.keys(config.services)).toHaveLength(enabled === 'true' ? 1 : 0)
        const named = new Set(faults.map((fault) => fault.field))
        const clean = Object.fromEntries(
          Object.entries(workload.annotations).filter(([name]) => !named.has(name)),
        )
        const narrowed = faults.some((fault) => fault.kind === 'narrowed')
        const again = overlay(
          baseOf(),
          seenOf({ workloads: [{ ...workload, annotations: clean }] }),
        )
        if (!narrowed) expect(again.config).toEqual(config)
      }),
      { numRuns: 100 },
    )
  })
})
