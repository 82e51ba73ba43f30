/** A frame of a tick in which learned policies acted: decided again to the bit, or not at all. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LearnedActor } from '../agents/policies/learned/act.ts'
import { FEATURE_NAMES } from '../agents/policies/learned/features.ts'
import { tuningAtRest } from '../agents/policies/learned/tuning-attribution.ts'
import { ServiceSpec } from '../agents/service-spec.ts'
import { LEVELS } from '../forecaster/forecast.ts'
import { decodeFrame, encodeFrame } from './frame.ts'
import { decideTick } from './tick.ts'
import type { ServiceInput } from './tick-input.ts'

/** Linear in its features: as good as a network for being told from another. */
function linear(version: string, weight: number): LearnedActor {
  return {
    version,
    features: FEATURE_NAMES,
    stretch: (features) => Math.exp(features.reduce((sum, value) => sum + weight * value, 0)),
  }
}
/** What was learned of one service's own past, beside. */
const TUNED: LearnedActor = {
  ...linear('tuned', 0.05),
  tuningOf: (service) =>
    service === 's0' ? { ...tuningAtRest(0.99), standingRps: 170, holdLeads: 30 } : undefined,
}
const ACTORS = new Map(
  [linear('a', 0.1), linear('b', -0.1), TUNED].map((one) => [one.version, one]),
)

const service = (i: number, load: number, version: string | undefined): ServiceInput => {
  const actor = version === undefined ? undefined : ACTORS.get(version)
  return {
    spec: ServiceSpec.parse({ policy: 'learned', maxReplicas: 60 }),
    mode: 'enforce',
    memory: undefined,
    ...(actor ? { actor } : {}),
    observation: {
      ...{ service: `s${i}`, nowMs: 60_000, loadRps: load, freshness: 'fresh' as const },
      replicas: { requested: 8, ready: 8, starting: 0, terminating: 0 },
      ...{ leadTimeMs: 60_000, capacityPerReplica: 10, saturationPerReplica: 12.5 },
      demand: Float64Array.from(LEVELS, (level) => load * (0.8 + 0.6 * level)),
      drifting: false,
    },
  }
}

const anyInput = fc
  .array(
    fc.tuple(
      fc.double({ min: 1, max: 400, noNaN: true }),
      fc.constantFrom('a', 'b', 'tuned', undefined),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((rows) => ({
    ...{ tick: 7, atMs: 60_000, costBudgetPerHour: 6 },
    services: rows.map(([load, version], i) => service(i, load, version)),
  }))

const rowsOf = (services: readonly ServiceInput[]) =>
  services.map(({ spec, observation, actor }) => ({
    ...{ service: observation.service, spec },
    ...(actor ? { actor: actor.version } : {}),
  }))

it('a frame names the policies that acted, and decides the same with them', () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const again = decodeFrame(encodeFrame(input), rowsOf(input.services), ACTORS)
      expect(again).toEqual(input)
      expect(decideTick(again)).toEqual(decideTick(input))
    }),
  )
})

it('policies decide: another one in its place asks for other counts', () => {
  const wantedBy = (version: string) => {
    const input = { tick: 1, atMs: 0, costBudgetPerHour: 100, services: [service(0, 200, version)] }
    return decideTick(input).grants[0]!.proposal!.wanted
  }
  expect(wantedBy('a')).toBeGreaterThan(wantedBy('b'))
})

it('a frame whose policy is not there is not decided again, and says which is missing', () => {
  const input = { tick: 1, atMs: 0, costBudgetPerHour: 9, services: [service(0, 50, 'a')] }
  expect(() => decodeFrame(encodeFrame(input), rowsOf(input.services), new Map())).toThrow(
    'policy a of service s0 is not known',
  )
})

it('a wish is held as long as the tuning says, from frame to frame', () => {
  const at = (minute: number, load: number, before?: ReturnType<typeof decideTick>) => {
    const one = service(0, load, 'tuned')
    const nowMs = minute * 60_000
    const services = [
      { ...one, memory: before?.memories[0], observation: { ...one.observation, nowMs } },
    ]
    const input = { tick: minute, atMs: nowMs, costBudgetPerHour: 100, services }
    return decideTick(decodeFrame(encodeFrame(input), rowsOf(services), ACTORS))
  }
  const burst = at(1, 300)
  const wanted = (output: typeof burst) => output.grants[0]!.proposal!.wanted
  expect(wanted(at(20, 20, burst))).toBe(wanted(burst))
  expect(wanted(at(32, 20, burst))).toBeLessThan(wanted(burst))
  // and no less than what carries 170 requests/s
  expect(wanted(at(32, 20, burst))).toBeGreaterThanOrEqual(17)
})
