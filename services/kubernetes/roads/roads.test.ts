/** Manifests of every road: what ships is what the source makes, is read back by our own strict reader, and carries its guards. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { LEVELS } from '../../../forecaster/forecast.ts'
import { readManifests } from '../manifests/read.ts'
import { TriggerMetadata } from '../scaler/metadata.ts'
import { EXAMPLE_PLAN, exampleOf, roadFiles } from './files.ts'
import { quantity } from './hpa.ts'
import {
  consumerLagMs,
  horizonMs,
  levelFor,
  loadTarget,
  ROAD_NAMES,
  type Road,
  USUAL_TIMES,
} from './plan.ts'

const DEPLOY = new URL('../../../deploy/kubernetes/', import.meta.url)
const documents = (text: string) => parseAllDocuments(text).map((one) => one.toJS())

describe('what ships', () => {
  it.each([...roadFiles()])(
    '%s is what the source makes (node services/kubernetes/roads/write.ts)',
    (file, text) => {
      expect(readFileSync(new URL(file, DEPLOY), 'utf8')).toBe(text)
    },
  )
})

const READ: readonly Road[] = ['hpa-external', 'hpa-adapter', 'keda-prometheus', 'keda-metrics-api']

describe.each(READ)('%s', (road) => {
  it.each(['replicas', 'load'] as const)(
    'carrying %s, is read back as bounds, target and behavior say',
    async (carried) => {
      const folder = await mkdtemp(path.join(tmpdir(), 'forescale-roads-'))
      try {
        const file = path.join(folder, 'manifest.yaml')
        await writeFile(file, exampleOf(road, carried))
        const { manifests } = readManifests([file])
        const { minReplicas, maxReplicas } = EXAMPLE_PLAN
        const milli = carried === 'replicas' ? 1000 : 32_000
        expect(manifests).toHaveLength(1)
        expect(manifests[0]).toMatchObject({
          ...{ namespace: 'shop', target: { kind: 'Deployment', name: 'search' } },
          ...{ minReplicas, maxReplicas },
          metrics: [{ target: { type: 'AverageValue', milli } }],
        })
        const { scaleUp } = manifests[0]!.behavior!
        expect(scaleUp.tolerance).toBe(carried === 'replicas' ? 0 : 0.1)
      } finally {
        await rm(folder, { recursive: true })
      }
    },
  )
})

describe('every ScaledObject', () => {
  const keda = ROAD_NAMES.filter((road) => road.startsWith('keda'))
  it.each(keda)('%s keeps what runs when it is told nothing', (road) => {
    const [scaled] = documents(exampleOf(road, 'replicas')).filter(
      ({ kind }) => kind === 'ScaledObject',
    )
    expect(scaled.spec.fallback).toEqual({
      failureThreshold: 3,
      replicas: 2,
      behavior: 'currentReplicasIfHigher',
    })
    for (const { type, metadata, metricType } of scaled.spec.triggers) {
      expect(metricType).toBe('AverageValue')
      if (type === 'prometheus') expect(metadata.ignoreNullValues).toBe('false')
      // KEDA wants text, and refuses a manifest with numbers
      for (const value of Object.values(metadata)) expect(typeof value).toBe('string')
    }
  })
})

it.each(['replicas', 'load'] as const)(
  'our scaler takes what its trigger says, carrying %s',
  (carried) => {
    const [scaled] = documents(exampleOf('keda-external', carried))
    expect(TriggerMetadata.parse(scaled.spec.triggers[0].metadata)).toMatchObject({
      service: 'search',
      pollingIntervalSeconds: 15,
      ...(carried === 'load' ? { targetPerReplica: 32, level: 0.99 } : {}),
    })
  },
)

describe('the figures', () => {
  it('look as far ahead as the lead time, a tick and the way to the consumer', () => {
    expect(ROAD_NAMES.map((road) => consumerLagMs(road, USUAL_TIMES) / 1000)).toEqual([
      15, 30, 30, 15, 15, 0,
    ])
    expect(horizonMs(EXAMPLE_PLAN, 'keda-prometheus', USUAL_TIMES)).toBe(90_000)
  })

  it('take the quantile that is as sure as the objective', () => {
    expect([0.5, 0.92, 0.95, 0.985, 0.999].map(levelFor)).toEqual([
      0.5,
      0.95,
      0.95,
      0.99,
      LEVELS.at(-1),
    ])
  })

  it('aim at the load that one replica carries, in quantities that Kubernetes reads', () => {
    expect(loadTarget({ capacityPerReplica: 11.8312, targetUtilization: 0.8 })).toBe(9.46)
    expect([32, 9.46, 0.5].map(quantity)).toEqual(['32', '9460m', '500m'])
  })

  it('leave the tolerance out where the cluster has none', () => {
    expect(exampleOf('hpa-external', 'replicas', false)).not.toContain('tolerance:')
  })
})
