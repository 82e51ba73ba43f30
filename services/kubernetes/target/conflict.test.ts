/** Who else writes a count: what is held, what is only told, and what is nobody's business. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ConflictInput, conflictOf, type OtherWriters } from './conflict.ts'
import { type DecisionMark, FIELD_MANAGER } from './marks.ts'
import type { WorkloadView } from './objects.ts'

const NOW_MS = Date.parse('2026-01-01T12:00:00Z')
const HOUR_MS = 3_600_000
const nobody: OtherWriters = { hpas: [], scaledObjects: [], vpas: [] }
const mark: DecisionMark = {
  ...{ decision: 'd1', from: 3, to: 5, found: 3, was: 'helm@2026-01-01T10:00:00.000Z' },
  at: '2026-01-01T11:00:00.000Z',
}

function viewOf(over: Partial<WorkloadView> = {}): WorkloadView {
  return {
    ...{ uid: 'u', version: '1', replicas: 3, annotations: {} },
    status: { replicas: 3, ready: 3 },
    marks: { fence: undefined, decision: undefined },
    writer: { manager: 'helm', atMs: Date.parse('2026-01-01T10:00:00Z') },
    ...over,
  }
}
const marked = (over: Partial<WorkloadView>) =>
  viewOf({ marks: { fence: undefined, decision: mark }, ...over })

const conflict = (view: WorkloadView, over: Partial<ConflictInput> = {}) =>
  conflictOf({
    ...{ workload: 'shop/Deployment/web', view, others: nobody, minReplicas: 1 },
    ...{ isCarriedOut: false, seenSinceMs: NOW_MS, holdAfterManualChangeMs: HOUR_MS },
    ...{ nowMs: NOW_MS, ...over },
  })
const target = 'Deployment/shop/web'

describe('nobody else', () => {
  it('is there of a workload that we never wrote, whoever set its count', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), (replicas) => {
        expect(conflict(viewOf({ replicas }))).toBeUndefined()
      }),
    )
  })

  it('is there while the count is what we decided, whoever wrote that it is', () => {
    expect(
      conflict(marked({ replicas: 5, writer: { manager: FIELD_MANAGER, atMs: NOW_MS } })),
    ).toBeUndefined()
    expect(
      conflict(marked({ replicas: 5, writer: { manager: 'kubectl', atMs: NOW_MS } })),
    ).toBeUndefined()
  })

  it('is there between our mark and our count, or when the count was refused', () => {
    expect(conflict(marked({ replicas: 3 }))).toBeUndefined()
  })
})

describe('a person', () => {
  const set = (replicas: number, over: Partial<ConflictInput> = {}) =>
    conflict(marked({ replicas, writer: { manager: 'kubectl', atMs: undefined } }), over)

  it('who set another count is left alone', () => {
    expect(set(8)).toMatchObject({ kind: 'person', by: 'kubectl', holds: true })
    expect(set(4)).toMatchObject({ kind: 'person' })
  })

  it('who put it back to what it was is left alone too', () => {
    expect(set(3)).toMatchObject({ kind: 'person' })
    // the same writer as before: only who carried the decision out can tell
    expect(
      conflict(marked({ replicas: 3 }), {
        isCarriedOut: true,
        holdAfterManualChangeMs: 3 * HOUR_MS,
      }),
    ).toMatchObject({
      kind: 'person',
    })
  })

  it('is left alone for a while', () => {
    expect(set(8, { seenSinceMs: NOW_MS - HOUR_MS + 1 })).toBeDefined()
    expect(set(8, { seenSinceMs: NOW_MS - HOUR_MS })).toBeUndefined()
  })

  it('who turned it off keeps it off, unless it may have none', () => {
    const off = viewOf({ replicas: 0, writer: { manager: 'kubectl', atMs: 0 } })
    expect(conflict(off)).toMatchObject({ kind: 'zero', holds: true })
    expect(conflict(off, { minReplicas: 0 })).toBeUndefined()
  })
})

describe('another autoscaler', () => {
  const of = (over: Partial<OtherWriters>) => conflict(viewOf(), { others: { ...nobody, ...over } })

  it('is held for: an HPA, a ScaledObject, one that is paused', () => {
    expect(of({ hpas: [{ target, name: 'h' }] })).toMatchObject({
      kind: 'hpa',
      by: 'h',
      holds: true,
    })
    expect(of({ scaledObjects: [{ target, name: 's', isPaused: false }] })).toMatchObject({
      kind: 'keda',
      holds: true,
    })
    expect(of({ scaledObjects: [{ target, name: 's', isPaused: true }] })).toMatchObject({
      kind: 'keda-paused',
      holds: true,
    })
  })

  it('that a ScaledObject made is named by the ScaledObject', () => {
    const hpas = [{ target, name: 'keda-hpa-s', madeBy: 's' }]
    expect(of({ hpas, scaledObjects: [{ target, name: 's', isPaused: false }] })).toMatchObject({
      by: 's',
    })
    expect(of({ hpas })).toMatchObject({ kind: 'hpa', by: 'keda-hpa-s' })
  })

  it('of sizes is told and not held for, where it restarts pods', () => {
    expect(of({ vpas: [{ target, name: 'v', updateMode: 'Recreate' }] })).toMatchObject({
      kind: 'vpa',
      holds: false,
    })
    for (const updateMode of ['Off', 'Initial'])
      expect(of({ vpas: [{ target, name: 'v', updateMode }] })).toBeUndefined()
  })

  it('that holds goes before one that does not', () => {
    const vpas = [{ target, name: 'v', updateMode: 'Auto' }]
    expect(of({ vpas, hpas: [{ target, name: 'h' }] })).toMatchObject({ kind: 'hpa' })
  })
})
