/** What agents see where there are several: their service, the common budget, and, of the upper agent, everybody. */
import { costPerHour, type Purse } from './budget.ts'
import { UPPER } from './config.ts'
import type { Directive } from './directive.ts'
import { atMs, type EpisodeState, stepOf } from './episode.ts'
import { FEATURES, within, writeFeatures } from './features.ts'
import { forecastAtStep, type Prepared, type PreparedService } from './prepare.ts'
import { type Bound, type BoxSpace, box, type Space } from './spaces.ts'

const DAY_MS = 86_400_000
const MOST_RATIO = 10

export interface Seen {
  readonly prepared: Prepared
  readonly state: EpisodeState
  readonly directive: Directive
  readonly purse: Purse
}

/** $/hour asked for ÷ the budget's even rate; what is left of money and time. */
export function budgetBounds(): Bound[] {
  return [
    { name: 'budgetUsed', low: 0, high: MOST_RATIO },
    { name: 'budgetLeft', low: 0, high: 1 },
    { name: 'timeLeft', low: 0, high: 1 },
  ]
}

const PER_SERVICE = ['requested', 'load', 'forecast90', 'violationRate', 'costShare'] as const

/** Budget, time of day, then five numbers a service. */
export function upperSpace(services: readonly Pick<PreparedService, 'name'>[]): BoxSpace {
  const each = services.flatMap(({ name }) =>
    PER_SERVICE.map((figure) => ({ name: `${name}.${figure}`, low: 0, high: MOST_RATIO })),
  )
  const waves = ['timeOfDaySin', 'timeOfDayCos'].map((name) => ({ name, low: -1, high: 1 }))
  return box([...budgetBounds(), ...waves, ...each])
}

/** One observation an agent of `spaces`, whose widths they have. */
export function observeAll(
  seen: Seen,
  spaces: ReadonlyMap<string, Space>,
): Record<string, Float32Array> {
  const all: Record<string, Float32Array> = {}
  seen.prepared.services.forEach(({ name }, i) => {
    const space = spaces.get(name) as BoxSpace
    all[name] = observeService(seen, i, space.low.length)
  })
  if (spaces.has(UPPER)) all[UPPER] = observeUpper(seen)
  return all
}

function observeService(seen: Seen, i: number, width: number): Float32Array {
  const out = new Float32Array(width)
  const { prepared, state, directive } = seen
  let at = writeFeatures(prepared, state, i, out)
  if (width > FEATURES.length) at = writeBudget(seen, out, at)
  if (at < width) out[at] = directive.seen[i]!
  return out
}

function observeUpper(seen: Seen): Float32Array {
  const { prepared, state } = seen
  const { services } = prepared
  const out = new Float32Array(budgetBounds().length + 2 + services.length * PER_SERVICE.length)
  let at = writeBudget(seen, out, 0)
  const angle = (2 * Math.PI * (atMs(prepared, state) % DAY_MS)) / DAY_MS
  out[at++] = Math.sin(angle)
  out[at++] = Math.cos(angle)
  const specs = services.map(({ spec }) => spec)
  const total = costPerHour(state.requested, specs)
  services.forEach((service, i) => {
    const { maxReplicas, capacityPerReplica, pricePerReplicaHour } = service.spec
    const most = maxReplicas * capacityPerReplica
    const { loadRps, violationRatio } = state.scraped[i]!
    const forecast90 = forecastAtStep(service, stepOf(prepared, state))[1] ?? 0
    out[at++] = within(state.requested[i]! / maxReplicas, MOST_RATIO)
    out[at++] = within(loadRps / most, MOST_RATIO)
    out[at++] = within(forecast90 / most, MOST_RATIO)
    out[at++] = within(violationRatio, MOST_RATIO)
    out[at++] = within((state.requested[i]! * pricePerReplicaHour) / total, MOST_RATIO)
  })
  return out
}

function writeBudget({ prepared, state, purse }: Seen, out: Float32Array, offset: number): number {
  const specs = prepared.services.map(({ spec }) => spec)
  let at = offset
  out[at++] = within(costPerHour(state.requested, specs) / purse.evenPerHour, MOST_RATIO)
  out[at++] = purse.budgetLeft
  out[at++] = purse.timeLeft
  return at
}
