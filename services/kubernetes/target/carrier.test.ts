/** Autoscalers that carry out what we decide are no rivals; those that merely read a load of ours are. */
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { exampleOf } from '../roads/files.ts'
import { ROAD_NAMES } from '../roads/plan.ts'
import { carrierOf, createHandOvers } from './carrier.ts'
import { conflictOf, type OtherWriters } from './conflict.ts'
import { hpaView, scaledObjectView, type WorkloadView } from './objects.ts'

const nobody: OtherWriters = { hpas: [], scaledObjects: [], vpas: [] }
const roads = ROAD_NAMES.filter((road) => road !== 'direct')

/** The autoscalers of a manifest, as the watches see them. */
function othersIn(yaml: string): OtherWriters {
  const documents = parseAllDocuments(yaml).map((one) => one.toJS())
  const of = (kind: string) => documents.filter((one) => one.kind === kind)
  return {
    ...nobody,
    hpas: of('HorizontalPodAutoscaler').map((one) => hpaView(one)!),
    scaledObjects: of('ScaledObject').map((one) => scaledObjectView(one)!),
  }
}
const view: WorkloadView = {
  ...{ uid: 'u', version: '1', replicas: 3, annotations: {} },
  status: { replicas: 3, ready: 3 },
  marks: { fence: undefined, decision: undefined },
  writer: { manager: 'kube-controller-manager', atMs: 0 },
}
const conflict = (others: OtherWriters) =>
  conflictOf({
    ...{ workload: 'shop/Deployment/web', view, others, minReplicas: 1, isCarriedOut: false },
    ...{ seenSinceMs: 0, holdAfterManualChangeMs: 1, nowMs: 0 },
  })

describe.each(roads)('the manifest of road %s', (road) => {
  it('that follows the decided count carries it', () => {
    const others = othersIn(exampleOf(road, 'replicas'))
    expect(carrierOf(others)).toMatch(/^(ScaledObject|HorizontalPodAutoscaler) \S+$/)
    expect(conflict(others)).toBeUndefined()
  })

  it('that follows the forecast load works a count out for itself', () => {
    const others = othersIn(exampleOf(road, 'load'))
    expect(carrierOf(others)).toBeUndefined()
    expect(conflict(others)).toMatchObject({ holds: true })
  })

  it('beside an autoscaler of something else does not make that one harmless', () => {
    const cpu = { target: 'Deployment/shop/search', name: 'by-cpu' }
    const others = othersIn(exampleOf(road, 'replicas'))
    expect(conflict({ ...others, hpas: [...others.hpas, cpu] })).toMatchObject({ by: 'by-cpu' })
  })
})

describe('a ScaledObject that carries', () => {
  const others = othersIn(exampleOf('keda-external', 'replicas'))

  it('does so through the HPA that it made, whose metric KEDA named', () => {
    const hpas = [
      { target: 'x', name: 'keda-hpa', madeBy: others.scaledObjects[0]!.name, follows: false },
    ]
    expect(conflict({ ...others, hpas })).toBeUndefined()
  })

  it('carries nothing while a person has paused it', () => {
    const paused = others.scaledObjects.map((one) => ({ ...one, isPaused: true }))
    expect(carrierOf({ ...others, scaledObjects: paused })).toBeUndefined()
    expect(conflict({ ...others, scaledObjects: paused })).toMatchObject({ kind: 'keda-paused' })
  })
})

describe('a count that was left to a carrier', () => {
  const LAG_MS = 15_000
  it('is requested until it is there', () => {
    const handOvers = createHandOvers(() => LAG_MS)
    expect(handOvers.requested('web', 4, 0)).toBe(4)
    handOvers.given('web', 8, 1000)
    expect(handOvers.requested('web', 4, 2000)).toBe(8)
    expect(handOvers.requested('other', 4, 2000)).toBe(4)
    expect(handOvers.requested('web', 8, 3000)).toBe(8)
    // carried out: what somebody sets from then on is what is there
    expect(handOvers.requested('web', 5, 4000)).toBe(5)
  })

  it('is given up when it takes too long, as a carrier has limits of its own', () => {
    const handOvers = createHandOvers(() => LAG_MS)
    handOvers.given('web', 8, 0)
    expect(handOvers.requested('web', 4, LAG_MS)).toBe(8)
    expect(handOvers.requested('web', 4, LAG_MS + 1)).toBe(4)
    expect(handOvers.requested('web', 4, LAG_MS + 2)).toBe(4)
  })
})
