/** What the dead band says is swallowed is swallowed by the controller's model, whatever came before; and nothing else is. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Behavior } from '../service-spec.ts'
import { deadBandAt, fateOf, type SignalForm, smallestStep } from './dead-band.ts'
import type { HpaMemory } from './normalize.ts'
import { type HpaSpec, reconcile, toleranceOf } from './reconcile.ts'

const TOLERANCE = { toleranceUp: 0.1, toleranceDown: 0.1 }
const spec = (behavior?: object, rest: Partial<HpaSpec> = {}): HpaSpec => ({
  ...{ minReplicas: 1, maxReplicas: 200, ...rest },
  ...(behavior ? { behavior: Behavior.parse(behavior) } : {}),
})
const atOnce = { scaleDown: { stabilizationWindowSeconds: 0 } }

describe('the dead band', () => {
  // CONTRACTS: "C=5 → ±1; C=9 → +1, −1; C=10 → +2 / −2; C=20 → +3 / −3; C=50 → +6 / −6; C=100 → +11 / −11"
  it.each([
    [5, 1],
    [9, 1],
    [10, 2],
    [20, 3],
    [50, 6],
    [100, 11],
  ])('at %i replicas the smallest step of a replica-valued metric is %i', (replicas, step) => {
    expect(smallestStep(replicas, TOLERANCE)).toEqual({ replicas, up: step, down: step })
  })

  it('with tolerance 0 every step is carried out', () => {
    const none = { toleranceUp: 0, toleranceDown: 0 }
    expect(deadBandAt(100, none, 'replicas')).toEqual({ current: 100, from: 100, to: 100 })
  })

  it('of a load swallows up what a count does, and down one less: some loads of that count are further off', () => {
    expect(deadBandAt(20, TOLERANCE, 'replicas')).toEqual({ current: 20, from: 18, to: 22 })
    expect(deadBandAt(20, TOLERANCE, 'load')).toEqual({ current: 20, from: 19, to: 22 })
  })
})

describe('the fate of a wish', () => {
  const of = (given: HpaSpec, current: number, wanted: number, form: SignalForm = 'replicas') =>
    fateOf({ spec: given, current, wanted, form })

  it.each([
    ['swallowed by the tolerance', spec(), 20, 22, { reached: 20, afterMs: 0, by: 'tolerance' }],
    ['carried out at once', spec(), 20, 23, { reached: 23, afterMs: 0, by: undefined }],
    [
      'cut by the maximum',
      spec(undefined, { maxReplicas: 22 }),
      20,
      25,
      { reached: 22, by: 'max-replicas' },
    ],
    [
      'cut by the minimum',
      spec(atOnce, { minReplicas: 5 }),
      20,
      3,
      { reached: 5, by: 'min-replicas' },
    ],
    [
      'at the maximum already',
      spec(undefined, { maxReplicas: 20 }),
      20,
      25,
      { reached: 20, by: 'max-replicas' },
    ],
    [
      'held by scaleDown Disabled',
      spec({ scaleDown: { selectPolicy: 'Disabled' } }),
      20,
      5,
      { reached: 20, by: 'disabled' },
    ],
    [
      'at most doubled a pass',
      spec(),
      4,
      30,
      { reached: 30, afterMs: 30_000, delayedBy: 'rate-limit' },
    ],
  ])('%s', (_what, given, current, wanted, fate) => {
    expect(of(given, current, wanted)).toMatchObject(fate)
  })

  it('is delayed by the window of its direction', () => {
    const slowUp = spec({ scaleUp: { stabilizationWindowSeconds: 60 } })
    expect(of(slowUp, 10, 20)).toMatchObject({
      reached: 20,
      afterMs: 45_000,
      delayedBy: 'stabilization',
    })
    expect(of(spec(), 10, 5)).toMatchObject({
      reached: 5,
      afterMs: 300_000,
      delayedBy: 'stabilization',
    })
  })

  it('may come so near by small steps that the tolerance swallows the rest', () => {
    const oneAMinute = { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] }
    // 20 → 21 at 24/20, → 22 at 24/21; at 24/22 = 1.09 nothing more
    expect(of(spec({ scaleUp: oneAMinute }), 20, 24)).toMatchObject({
      reached: 22,
      by: 'tolerance',
    })
  })

  it('is not reached while a rate policy needs longer than it stands', () => {
    const oneAnHalfHour = { policies: [{ type: 'Pods', value: 1, periodSeconds: 1800 }] }
    expect(of(spec({ scaleUp: oneAnHalfHour }), 10, 20)).toMatchObject({
      reached: 13,
      by: 'rate-limit',
    })
  })
})

const side = fc.record({
  stabilizationWindowSeconds: fc.integer({ min: 0, max: 600 }),
  selectPolicy: fc.constantFrom('Max', 'Min', 'Disabled'),
  policies: fc.array(
    fc.record({
      type: fc.constantFrom('Pods', 'Percent'),
      value: fc.integer({ min: 1, max: 100 }),
      periodSeconds: fc.integer({ min: 1, max: 600 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  tolerance: fc.constantFrom(0, 0.05, 0.1, 0.25),
})
const behaviors = fc.option(fc.record({ scaleUp: side, scaleDown: side }), { nil: undefined })
const forms = fc.constantFrom<SignalForm>('replicas', 'load')
const memories: fc.Arbitrary<HpaMemory> = fc.record({
  recommendations: fc.array(
    fc.record({
      atMs: fc.integer({ min: -600_000, max: -1 }),
      replicas: fc.integer({ min: 1, max: 300 }),
    }),
    { maxLength: 6 },
  ),
  scaleUps: fc.constant([]),
  scaleDowns: fc.constant([]),
})

/** What one pass proposes for a signal, stabilization and limits aside. */
function proposed(given: HpaSpec, current: number, totalMilli: number): number {
  const { behavior: _, ...loose } = given
  const { toleranceUp, toleranceDown } = toleranceOf(given)
  const free = Behavior.parse({
    scaleUp: {
      tolerance: toleranceUp,
      policies: [{ type: 'Pods', value: 10_000, periodSeconds: 1 }],
    },
    scaleDown: { tolerance: toleranceDown, stabilizationWindowSeconds: 0 },
  })
  return reconcile({
    spec: { ...loose, behavior: free, minReplicas: 0, maxReplicas: 10_000 },
    specReplicas: current,
    metrics: [
      {
        type: 'External',
        target: { type: 'AverageValue', milli: 1000 },
        items: [totalMilli],
        pods: [],
      },
    ],
    memory: { recommendations: [], scaleUps: [], scaleDowns: [] },
    nowMs: 0,
  }).replicas
}

describe('beside the model of the whole controller', () => {
  it('what the band holds is swallowed for every load behind it, and what is next to it is not', () => {
    const counts = fc.integer({ min: 1, max: 300 })
    fc.assert(
      fc.property(behaviors, counts, forms, fc.nat(999), (behavior, current, form, part) => {
        const given = spec(behavior)
        const { from, to } = deadBandAt(current, toleranceOf(given), form)
        // the load behind a wish lies anywhere in the last replica
        const total = (wanted: number) => wanted * 1000 - (form === 'load' && wanted > 0 ? part : 0)
        for (let wanted = from; wanted <= to; wanted++)
          expect(proposed(given, current, total(wanted))).toBe(current)
        expect(proposed(given, current, (to + 1) * 1000)).toBe(to + 1)
        if (from === 0) return
        const least = form === 'load' && from > 1 ? (from - 2) * 1000 + 1 : (from - 1) * 1000
        expect(proposed(given, current, least)).toBe(from - 1)
      }),
    )
  })

  it('a swallowed wish changes nothing whatever the controller remembers of wishes for as many', () => {
    fc.assert(
      fc.property(
        behaviors,
        fc.integer({ min: 1, max: 200 }),
        fc.nat(40),
        memories,
        (behavior, current, off, past) => {
          const given = spec(behavior)
          const wanted = Math.max(1, current - 20 + off)
          if (fateOf({ spec: given, current, wanted, form: 'replicas' }).by !== 'tolerance') return
          const { from, to } = deadBandAt(current, toleranceOf(given), 'replicas')
          if (wanted < from || wanted > to) return // swallowed on the way, by another count than this
          const memory = {
            ...past,
            recommendations: past.recommendations.map((one) => ({ ...one, replicas: current })),
          }
          const metrics = [
            {
              type: 'External',
              target: { type: 'AverageValue', milli: 1000 },
              items: [wanted * 1000],
              pods: [],
            },
          ] as const
          expect(
            reconcile({ spec: given, specReplicas: current, metrics, memory, nowMs: 0 }).replicas,
          ).toBe(current)
        },
      ),
    )
  })

  it('where it says that a wish is reached, it stays; where something is said to keep it, it is not reached', () => {
    fc.assert(
      fc.property(
        behaviors,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 260 }),
        forms,
        (behavior, current, wanted, form) => {
          const given = spec(behavior)
          const fate = fateOf({ spec: given, current, wanted, form })
          if (fate.by === undefined) expect(fate.reached).toBe(wanted)
          else expect(fate.reached).not.toBe(wanted)
          expect(fate.reached).toBeGreaterThanOrEqual(Math.min(current, wanted))
          expect(fate.reached).toBeLessThanOrEqual(Math.max(current, wanted))
          // once swallowed there, always swallowed there
          if (fate.by === 'tolerance')
            expect(fateOf({ spec: given, current: fate.reached, wanted, form }).reached).toBe(
              fate.reached,
            )
        },
      ),
      { numRuns: 60 },
    )
  })
})
