import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FRESHNESS } from '../agents/observation.ts'
import { Mode, ServiceSpec } from '../agents/service-spec.ts'
import { LEVELS } from '../forecaster/forecast.ts'
import { decodeFrame, encodeFrame } from './frame.ts'
import { encodeOutcome } from './outcome-bytes.ts'
import { decideTick } from './tick.ts'
import type { TickInput } from './tick-input.ts'

const timed = fc.array(fc.record({ atMs: fc.nat(), replicas: fc.nat(50) }), { maxLength: 5 })
const events = fc.array(fc.record({ atMs: fc.nat(), change: fc.integer({ min: 1, max: 9 }) }), {
  maxLength: 5,
})
const hpa = fc.record({ recommendations: timed, scaleUps: events, scaleDowns: events })
const count = fc.nat(30)
const memory = fc.record({
  floorReplicas: count,
  floorMemory: hpa,
  changes: hpa,
  wants: timed,
  lastTo: fc.integer({ min: -1, max: 30 }),
})
const positive = fc.double({ min: 0.1, max: 1e4, noNaN: true })

const service = fc
  .record({
    memory: fc.option(memory, { nil: undefined }),
    mode: fc.constantFrom(...Mode.options),
    observation: fc.record({
      service: fc.constant('x'),
      nowMs: fc.nat(),
      loadRps: fc.oneof(positive, fc.constant(Number.NaN), fc.constant(0)),
      freshness: fc.constantFrom(...FRESHNESS),
      replicas: fc.record({ requested: count, ready: count, starting: count, terminating: count }),
      leadTimeMs: positive,
      capacityPerReplica: positive,
      saturationPerReplica: positive,
      demand: fc.option(
        fc
          .array(positive, { minLength: LEVELS.length, maxLength: LEVELS.length })
          .map((d) => Float64Array.from(d).sort()),
        { nil: undefined },
      ),
      drifting: fc.boolean(),
    }),
  })
  .map((s) => ({ ...s, spec: ServiceSpec.parse({ maxReplicas: 30 }) }))

const tickInput: fc.Arbitrary<TickInput> = fc.record({
  tick: fc.nat(),
  atMs: fc.nat(),
  costBudgetPerHour: positive,
  services: fc
    .array(service, { maxLength: 5 })
    .map((list) =>
      list.map((s, i) => ({ ...s, observation: { ...s.observation, service: `s${i}` } })),
    ),
})

const directive = fc.record({
  reactivePrice: positive,
  price: positive,
  extraBudgetPerHour: positive,
  tolerance: fc.double({ min: 0, max: 1, noNaN: true }),
})
const anyInput = fc
  .tuple(
    tickInput,
    fc.option(directive, { nil: undefined }),
    fc.constantFrom(0, 0, 0.7),
    fc.constantFrom(undefined, 1e4),
  )
  .map(([input, directed, replacementPerHour, jointBudgetPerHour]) => ({
    ...input,
    ...(jointBudgetPerHour === undefined ? {} : { jointBudgetPerHour }),
    ...(directed ? { directive: directed } : {}),
    services: input.services.map((one, i) =>
      replacementPerHour > 0 && i === 0 ? { ...one, replacementPerHour } : one,
    ),
  }))

describe('a tick frame', () => {
  it('gives back every input, bit for bit, and so the same decisions', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const specs = input.services.map(({ spec, observation }) => ({
          service: observation.service,
          spec,
        }))
        const again = decodeFrame(encodeFrame(input), specs)
        expect(again).toEqual(input)
        const outcome = (t: TickInput) => {
          const { grants, shadowPrice, spendPerHour } = decideTick(t)
          return Buffer.from(encodeOutcome(grants, [shadowPrice, spendPerHour])).toString('hex')
        }
        expect(outcome(again)).toBe(outcome(input))
      }),
      { numRuns: 500, seed: 4 },
    )
  })

  it('is still read as it was written before there was a tolerance', () => {
    // FSF2: three figures of the directive, no services
    const old = new DataView(new ArrayBuffer(8 + 3 * 8 + 3 * 8))
    old.setUint32(0, 0x32465346, true)
    ;[7, 8, 9, 1, 2, 3].forEach((figure, k) => {
      old.setFloat64(8 + k * 8, figure, true)
    })
    expect(decodeFrame(new Uint8Array(old.buffer), [])).toEqual({
      ...{ tick: 7, atMs: 8, costBudgetPerHour: 9, services: [] },
      directive: { reactivePrice: 1, price: 2, extraBudgetPerHour: 3, tolerance: 0 },
    })
  })

  it('refuses bytes that are no frame and specs that do not belong to it', () => {
    const frame = encodeFrame({ tick: 1, atMs: 2, costBudgetPerHour: 3, services: [] })
    expect(() => decodeFrame(new Uint8Array(frame.length), [])).toThrow('not a tick frame')
    expect(() => decodeFrame(frame, [{ service: 's', spec: ServiceSpec.parse({}) }])).toThrow(
      'frame of 0 services, 1 specs',
    )
  })
})
