/** Advice of what was seen: the patch that is safe, money only where it is known, and what an HPA would make of it. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import {
  type ContainerUsage,
  createContainerUsage,
} from '../../../agents/resources/container-usage.ts'
import { AppConfig } from '../../config.ts'
import { adviceOf } from './advise.ts'
import { createAdvisor } from './advisor.ts'
import { ResourcesConfig, ruleOf } from './config.ts'
import type { Amounts, WorkloadUsage } from './history.ts'
import { patchOf } from './patch.ts'
import { cpuQuantity, memoryQuantity } from './quantities.ts'
import { DEFAULT_QUERIES, faultOfQuery, fillerOf } from './queries.ts'
import type { RequestEstimate } from './view.ts'

const MIB = 1024 * 1024
const MINUTE_MS = 60_000
const NOW_MS = 3 * 1440 * MINUTE_MS
const WEB = { namespace: 'shop', kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' }
const CONFIG = ResourcesConfig.parse({})

function used(cores: number, bytes: number, days = 3): ContainerUsage {
  const usage = createContainerUsage(ruleOf(CONFIG, 1), MINUTE_MS, NOW_MS)
  for (let atMs = NOW_MS - days * 1440 * MINUTE_MS; atMs <= NOW_MS; atMs += MINUTE_MS) {
    usage.cpu(atMs, cores)
    usage.memory('web-0', atMs, bytes)
  }
  return usage
}

const seen = (over: Partial<WorkloadUsage> = {}): WorkloadUsage => ({
  usage: new Map([['web', used(0.4, 500 * MIB)]]),
  requests: new Map([['web', { cpu: 1, memory: 1024 * MIB }]]),
  limits: new Map(),
  autoscalers: [],
  replicas: 4,
  ...over,
})
const advise = (over: Partial<WorkloadUsage> = {}) => adviceOf(WEB, seen(over), CONFIG, NOW_MS)

describe('advice', () => {
  it('says what instead of what, and what that saves at the prices', () => {
    const { why, savingPerHour, containers } = advise()
    expect(why).toMatch(
      /^web: CPU \d+m instead of 1000m, .+; memory \d+Mi instead of 1024Mi, .+; saves/,
    )
    const { cpu, memory } = containers[0]!
    const saved = (1 - cpu!.target) * 0.031611 + (1 - memory!.target / 1024 / MIB) * 0.004237
    expect(savingPerHour).toBeCloseTo(4 * saved, 12)
  })

  it('knows no saving where something requests nothing today', () => {
    const known = { cpu: 1, memory: Number.NaN }
    expect(advise({ requests: new Map([['web', known]]) }).savingPerHour).toBeNull()
    const { savingPerHour, why, yaml } = advise({ requests: new Map() })
    expect(savingPerHour).toBeNull()
    expect(why).toContain('where nothing is requested')
    expect(yaml).toContain('requests:')
  })

  it('says that it costs more where too little is requested', () => {
    const little = new Map([['web', { cpu: 0.1, memory: 100 * MIB }]])
    const { savingPerHour, why } = advise({ requests: little })
    expect(savingPerHour).toBeLessThan(0)
    expect(why).toMatch(/too little.*costs \$0\.\d+\/h more than what 4 replicas/)
  })

  it('is none of half a day, nor of a container that was never seen', () => {
    const short = advise({ usage: new Map([['web', used(0.4, 500 * MIB, 0.5)]]) })
    expect(short).toMatchObject({ yaml: null, savingPerHour: null, warnings: [] })
    expect(short.why).toBe('web: too little history, 0.5 days of 1')
    const none = advise({ usage: new Map(), replicas: Number.NaN })
    expect(none).toMatchObject({ yaml: null, savingPerHour: null, replicas: null, containers: [] })
    expect(none.why).toContain('too little history')
  })

  it('tells of the HPA that keeps its target only by another one', () => {
    const cpu = { autoscaler: 'web', metric: 'cpu', targetPercent: 80 }
    const { warnings, containers } = advise({ autoscalers: [cpu] })
    const percent = Math.round(80 / containers[0]!.cpu!.target)
    expect(warnings.map(({ id }) => id)).toEqual(['hpa-utilization', 'capacity-of-today'])
    expect(warnings[0]!.fix).toContain(`averageUtilization: ${percent} `)
    const [unknown] = advise({ autoscalers: [cpu], requests: new Map() }).warnings
    expect(unknown!.fix).toContain('set its averageUtilization anew')
  })
})

describe('the patch', () => {
  const estimate = (over: Partial<RequestEstimate>): RequestEstimate => ({
    ...{ requested: 1, limit: null, lower: 0.5, target: 1, upper: 2, isLeast: false },
    ...over,
  })
  const patched = (cpu: RequestEstimate | null) => {
    const none = { historyDays: 3, oomKills: 0, lastOomKillMs: null, memory: null }
    const text = patchOf(WEB, [{ container: 'web', cpu, ...none }])
    return text && parse(text).spec.template.spec.containers[0].resources
  }

  it.each([
    ['a limit above stays', { requested: 1, limit: 2, target: 0.5 }, undefined],
    ['one rises with its request', { requested: 1, limit: 2, target: 1.5 }, '3000m'],
    [
      'one that was the request stays the request',
      { requested: 1, limit: 1, target: 1.5 },
      '1500m',
    ],
    ['one below the target rises to it', { requested: null, limit: 1, target: 1.5 }, '1500m'],
    ['where there is none none is made', { requested: 1, limit: null, target: 1.5 }, undefined],
  ])('%s', (_what, over, limit) => {
    expect(patched(estimate(over)).limits?.cpu).toBe(limit)
  })

  it('never asks for more than its limit, nor lowers one', () => {
    const target = fc.double({ min: 0.001, max: 100, noNaN: true })
    // Kubernetes keeps no finer CPU than a millicore
    const millicores = fc.integer({ min: 1, max: 100_000 }).map((milli) => milli / 1000)
    fc.assert(
      fc.property(fc.option(millicores), target, millicores, (requested, wanted, limit) => {
        fc.pre(requested === null || requested <= limit)
        const { requests, limits } = patched(estimate({ requested, target: wanted, limit }))
        const cores = (text: string) => Number.parseInt(text, 10) / 1000
        if (limits) expect(cores(limits.cpu)).toBeGreaterThanOrEqual(limit)
        expect(cores(requests.cpu)).toBeLessThanOrEqual(limits ? cores(limits.cpu) : limit)
        expect(cores(requests.cpu)).toBeGreaterThanOrEqual(wanted * (1 - 1e-9))
      }),
    )
  })

  it('is none where nothing is known', () => {
    expect(patched(null)).toBeNull()
  })
})

it('quantities are whole and never less than what they stand for', () => {
  expect([0.1, 0.1001, 0.0001].map(cpuQuantity)).toEqual(['100m', '101m', '1m'])
  expect([MIB, MIB + 1, 1].map(memoryQuantity)).toEqual(['1Mi', '2Mi', '1Mi'])
})

describe('queries', () => {
  it('name the workload literally, and have no place that could be broken out of', () => {
    const fill = fillerOf({ ...WEB, name: 'a.b' }, 300_000)
    for (const template of Object.values(DEFAULT_QUERIES)) {
      expect(faultOfQuery(template)).toBeUndefined()
      expect(fill(template)).not.toMatch(/\$/)
    }
    expect(fill(DEFAULT_QUERIES.cpu)).toContain('pod=~"a\\\\.b-[0-9a-z]{1,10}-[0-9a-z]{5}"')
    expect(fill(DEFAULT_QUERIES.cpu)).toContain('[300000ms]')
  })

  it.each([
    'up{namespace=~"$namespace.*"}',
    "up{namespace='$namespace'}",
    'up{pod="$pods"}',
    'up{a="[$step]",b=`$step`} $name',
  ])('refuse %s', (query) => {
    const { success, error } = ResourcesConfig.safeParse({ queries: { cpu: query } })
    expect(success).toBe(false)
    expect(error?.issues[0]).toMatchObject({ path: ['queries', 'cpu'] })
  })

  it('are refused for pods that nobody can tell by their names', () => {
    const rollout = { ...WEB, kind: 'Rollout', apiVersion: 'argoproj.io/v1alpha1' }
    expect(() => fillerOf(rollout, 1)).toThrow(/"Rollout".*allowed: Deployment, StatefulSet/)
  })
})

describe('the configuration', () => {
  const parsed = (kubernetes: object, store: object = { kind: 'embedded' }) =>
    AppConfig.safeParse({ services: { web: {} }, kubernetes, store })
  const metrics = [{ metric: 'requests_per_second', query: 'up' }]
  const servers = { default: { url: 'http://prometheus:9090' } }

  it('needs a server, its own or that of the samples', () => {
    const issues = parsed({ resources: {} }).error?.issues
    expect(issues).toMatchObject([{ path: ['kubernetes', 'resources', 'server'] }])
    expect(parsed({ resources: { server: servers.default } }).success).toBe(true)
    expect(parsed({ resources: {} }, { kind: 'prometheus', servers, metrics }).success).toBe(true)
  })

  it('says what is wanting where somebody asks', async () => {
    const advisorOf = (kubernetes: object) => {
      const config = parsed(kubernetes).data!
      return createAdvisor({ config: () => config, nowMs: () => NOW_MS })
    }
    const resources = { server: servers.default }
    await expect(advisorOf({}).advice('web')).rejects.toThrow('kubernetes.resources')
    await expect(advisorOf({ resources }).advice('web')).rejects.toThrow('no workload')
    expect(advisorOf({ resources }).list()).toEqual([])
    const rollout = { ...WEB, kind: 'Rollout', apiVersion: 'argoproj.io/v1alpha1' }
    const strange = advisorOf({ resources, workloads: { web: rollout } })
    await expect(strange.advice('web')).rejects.toThrow('cannot be told by their names')
  })
})

it('amounts that are not known are NaN, and never 0', () => {
  const amounts: Amounts = { cpu: Number.NaN, memory: 512 * MIB }
  const { containers } = advise({ requests: new Map([['web', amounts]]) })
  expect(containers[0]).toMatchObject({
    cpu: { requested: null },
    memory: { requested: 512 * MIB },
  })
})
