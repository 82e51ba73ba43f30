/** Manifests as users have them: what is read, with whose defaults, and what is refused by its name. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { milliQuantityOf, quantityOf } from './quantity.ts'
import { readManifests } from './read.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'forescale-manifests-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function read(...documents: unknown[]) {
  const file = join(folder, 'hpa.yaml')
  writeFileSync(file, documents.map((one) => stringify(one)).join('---\n'))
  return readManifests([file])
}
const hpa = (spec: object = {}, name = 'web') => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name, namespace: 'shop', uid: 'x', managedFields: [] },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    maxReplicas: 10,
    ...spec,
  },
  status: { currentReplicas: 3 },
})
const scaledObject = (spec: object) => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name: 'worker' },
  spec: { scaleTargetRef: { name: 'worker' }, ...spec },
})
const metric = (one: object) => hpa({ metrics: [one] })
const average = (averageValue: string | number) => ({ type: 'AverageValue', averageValue })

describe('quantities', () => {
  it.each([
    ['500m', 500],
    ['2', 2000],
    [0.7, 700],
    ['1.5k', 1_500_000],
    ['1Ki', 1_024_000],
    ['1e3', 1_000_000],
    ['100u', 1],
    ['.5', 500],
  ])('%s is %d milli-units, rounded up', (text, milli) => {
    expect(milliQuantityOf(text)).toBe(milli)
  })
  it.each(['', 'm', '1 000', '5mm', '0x10', 'NaN', '1Kb'])('"%s" is none', (text) => {
    expect(quantityOf(text)).toBeNaN()
  })
  it('any whole number of milli-units comes back as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), (milli) => {
        expect(milliQuantityOf(`${milli}m`)).toBe(milli)
        expect(milliQuantityOf(String(milli / 1000))).toBe(milli)
      }),
      { seed: 1 },
    )
  })
})

describe('an HPA', () => {
  it('without metrics, minimum and behavior has what Kubernetes gives it', () => {
    expect(read(hpa()).manifests[0]).toMatchObject({
      ...{ kind: 'HorizontalPodAutoscaler', namespace: 'shop', name: 'web', behavior: null },
      ...{ minReplicas: 1, maxReplicas: 10, keda: null },
      metrics: [{ kind: 'resource', name: 'cpu', target: { type: 'Utilization', percent: 80 } }],
    })
  })

  it('may have metrics of every type', () => {
    const cpu = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } }
    const named = { metric: { name: 'rps', selector: { matchLabels: { a: 'b' } } } }
    const { manifests } = read(
      hpa({
        metrics: [
          { type: 'Resource', resource: cpu },
          { type: 'ContainerResource', containerResource: { ...cpu, container: 'app' } },
          { type: 'Pods', pods: { ...named, target: average('1500m') } },
          {
            type: 'Object',
            object: { ...named, describedObject: {}, target: { type: 'Value', value: '2k' } },
          },
          { type: 'External', external: { ...named, target: average(30) } },
        ],
      }),
    )
    const metrics = manifests[0]!.metrics
    expect(metrics.map(({ kind }) => kind)).toEqual([
      ...['resource', 'resource', 'pods', 'external', 'external'],
    ])
    expect(metrics.map(({ target }) => target)).toEqual([
      { type: 'Utilization', percent: 60 },
      { type: 'Utilization', percent: 60 },
      { type: 'AverageValue', milli: 1500 },
      { type: 'Value', milli: 2_000_000 },
      { type: 'AverageValue', milli: 30_000 },
    ])
  })

  it('has its behavior with the defaults for what it leaves out, tolerance as a quantity', () => {
    const behavior = { scaleDown: { policies: [], tolerance: '50m', selectPolicy: 'Min' } }
    expect(read(hpa({ behavior })).manifests[0]!.behavior).toEqual({
      scaleUp: {
        ...{ stabilizationWindowSeconds: 0, selectPolicy: 'Max', tolerance: 0.1 },
        policies: [
          { type: 'Pods', value: 4, periodSeconds: 15 },
          { type: 'Percent', value: 100, periodSeconds: 15 },
        ],
      },
      scaleDown: {
        ...{ stabilizationWindowSeconds: 300, selectPolicy: 'Min', tolerance: 0.05 },
        policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
      },
    })
  })

  const memory = { name: 'memory', target: { type: 'Utilization', averageUtilization: 60 } }
  it.each([
    ['spec.metrics.0.resource.name: "memory"', metric({ type: 'Resource', resource: memory })],
    ['spec.metrics.0.type: "Custom"', metric({ type: 'Custom' })],
    ['spec.metrics.0.pods: "absent"', metric({ type: 'Pods' })],
    ['spec.paused: "true"', hpa({ paused: true })],
    ['spec.maxReplicas: "absent"', hpa({ maxReplicas: undefined })],
    ['spec.minReplicas: "20" is not allowed; allowed: at most 10', hpa({ minReplicas: 20 })],
    ['spec.minReplicas: "0"', hpa({ minReplicas: 0 })],
    ['apiVersion: "autoscaling/v1"', { ...hpa(), apiVersion: 'autoscaling/v1' }],
    [
      'spec.behavior.scaleUp.policies.0.periodSeconds: "3600"',
      hpa({
        behavior: { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 3600 }] } },
      }),
    ],
    [
      'averageUtilization: "absent"',
      metric({
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization' } },
      }),
    ],
  ])('is refused for %s', (message, document) => {
    expect(() => read(document)).toThrow(message)
  })
})

describe('a ScaledObject', () => {
  it('has KEDA’s defaults, an External metric a trigger, and its activation', () => {
    const { manifests } = read(
      scaledObject({
        triggers: [
          { type: 'kafka', metadata: { topic: 'orders', activationLagThreshold: '5' } },
          { type: 'cpu', metricType: 'Utilization', metadata: { value: '70' } },
          { type: 'rabbitmq', metricType: 'Value', metadata: { queueName: 'q', value: '20' } },
        ],
      }),
    )
    expect(manifests[0]).toMatchObject({
      ...{ kind: 'ScaledObject', minReplicas: 0, maxReplicas: 100, namespace: 'default' },
      keda: { pollingSeconds: 30, cooldownSeconds: 300, idleReplicas: null, fallback: null },
      metrics: [
        { name: 'orders', target: { type: 'AverageValue', milli: 10_000 }, activation: 5 },
        { name: 'cpu', kind: 'resource', target: { type: 'Utilization', percent: 70 } },
        { name: 'q', target: { type: 'Value', milli: 20_000 }, activation: 0 },
      ],
    })
  })

  it.each([
    ['spec.triggers.0.type: "cron"', { triggers: [{ type: 'cron', metadata: {} }] }],
    ['spec.triggers.0.metadata.threshold: "absent"', { triggers: [{ type: 'prometheus' }] }],
    ['spec.minReplicaCount: "0"', { triggers: [{ type: 'cpu', metadata: { value: '70' } }] }],
    ['spec.idleReplicaCount: "0"', { idleReplicaCount: 0, triggers: [{ type: 'kafka' }] }],
  ])('is refused for %s', (message, spec) => {
    expect(() => read(scaledObject(spec))).toThrow(message)
  })
})

describe('a file', () => {
  it('may be what kubectl gives: a list; other kinds are left out and named', () => {
    const list = { apiVersion: 'v1', kind: 'List', items: [hpa({}, 'a'), hpa({}, 'b')] }
    const service = { kind: 'Service', metadata: { name: 's' } }
    const { manifests, left } = read(list, service)
    expect(manifests.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(manifests[1]!.place).toMatch(/document 1, item 2$/)
    expect(left).toEqual(['Service/s'])
  })

  it('must not scale one target twice: Kubernetes would let neither', () => {
    const twice = scaledObject({
      scaleTargetRef: { name: 'web' },
      triggers: [{ type: 'kafka' }],
    })
    expect(() => read({ ...hpa(), metadata: { name: 'h' } }, twice)).toThrow(
      'HorizontalPodAutoscaler h scales it already',
    )
  })

  it('must hold an autoscaler, and be YAML', () => {
    expect(() => read({ kind: 'Service', metadata: { name: 's' } })).toThrow('kind: "Service/s"')
    expect(() => readManifests([join(folder, 'none.yaml')])).toThrow('a file of YAML')
    const file = join(folder, 'broken.yaml')
    writeFileSync(file, 'a: [')
    expect(() => readManifests([file])).toThrow('YAML')
  })
})
