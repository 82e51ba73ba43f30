/**
 * A tick's inputs as bytes: enough to decide it again, bit for bit, years later. Columns of float64 (NaN keeps its
 * meaning), then the ragged lists of the agents' memories. Specs are not in it, nor which learned policy acts: they
 * change rarely, so a frame names them by hash and they are stored once.
 *
 * Layout, little-endian: magic 'FSF1' · uint32 services · float64 tick, atMs, costBudgetPerHour ·
 * FIELDS + LEVELS columns of float64 · one float64 list of all ragged pairs.
 * With a directive of the meta-controller, or with replicas that are replaced by those of another tier: magic 'FSF3', the
 * directive's four float64 (NaN: none) before the columns, and one column more, of what replacements cost. Frames of 'FSF2',
 * written before there was a tolerance, have a directive of three and no such column; they are still read. Of a shard: magic
 * 'FSF4', which has the budget of all shards after the directive.
 */
import assert from 'node:assert/strict'
import type { AgentMemory, TimedCount } from '../agents/agent.ts'
import type { HpaMemory } from '../agents/hpa/normalize.ts'
import { FRESHNESS } from '../agents/observation.ts'
import type { LearnedActor } from '../agents/policies/learned/act.ts'
import { Mode, type ServiceSpec } from '../agents/service-spec.ts'
import { LEVELS } from '../forecaster/forecast.ts'
import type { ServiceId } from '../forecaster/series.ts'
import type { Directive } from './meta/directive.ts'
import type { ServiceInput, TickInput } from './tick-input.ts'

const MAGIC = 0x31465346 // 'FSF1'
const MAGIC_INTOLERANT = 0x32465346 // 'FSF2'
const MAGIC_WHOLE = 0x33465346 // 'FSF3'
const MAGIC_SHARE = 0x34465346 // 'FSF4'
const HEAD_BYTES = 8 + 3 * 8
const DIRECTIVE = [
  'reactivePrice',
  'price',
  'extraBudgetPerHour',
  'tolerance',
] as const satisfies readonly (keyof Directive)[]
const FIELDS = 22

interface Layout {
  readonly magic: number
  /** float64 of the directive in the head, and of what follows it. */
  readonly directed: number
  /** Columns before the levels. */
  readonly fields: number
}
const LAYOUTS: readonly Layout[] = [
  { magic: MAGIC, directed: 0, fields: FIELDS },
  { magic: MAGIC_INTOLERANT, directed: DIRECTIVE.length - 1, fields: FIELDS },
  { magic: MAGIC_WHOLE, directed: DIRECTIVE.length, fields: FIELDS + 1 },
  { magic: MAGIC_SHARE, directed: DIRECTIVE.length + 1, fields: FIELDS + 1 },
]
const [PLAIN, , WHOLE, SHARE] = LAYOUTS as readonly [Layout, Layout, Layout, Layout]

function layoutFor({ directive, services, jointBudgetPerHour }: TickInput): Layout {
  if (jointBudgetPerHour !== undefined) return SHARE
  const isReplacing = services.some(({ replacementPerHour = 0 }) => replacementPerHour > 0)
  return directive || isReplacing ? WHOLE : PLAIN
}

const headBytes = ({ directed }: Layout): number => HEAD_BYTES + directed * 8

export interface SpecRow {
  readonly service: ServiceId
  readonly spec: ServiceSpec
  /** Version of the learned policy that acts for the service; absent: none does. */
  readonly actor?: string
}

/** Learned policies by version. */
export type Actors = ReadonlyMap<string, LearnedActor>

const NO_ACTORS: Actors = new Map()

export function encodeFrame(input: TickInput): Uint8Array {
  const n = input.services.length
  let pairs = 0
  for (const { memory } of input.services) if (memory) pairs += pairsIn(memory)
  const layout = layoutFor(input)
  const columns = layout.fields + LEVELS.length
  const bodyAt = headBytes(layout)
  const buffer = new ArrayBuffer(bodyAt + (columns * n + 2 * pairs) * 8)
  const head = new DataView(buffer)
  head.setUint32(0, layout.magic, true)
  head.setUint32(4, n, true)
  head.setFloat64(8, input.tick, true)
  head.setFloat64(16, input.atMs, true)
  head.setFloat64(24, input.costBudgetPerHour, true)
  const directed = DIRECTIVE.map((key) => input.directive?.[key] ?? Number.NaN)
  directed.push(input.jointBudgetPerHour ?? Number.NaN)
  for (let k = 0; k < layout.directed; k++) head.setFloat64(HEAD_BYTES + k * 8, directed[k]!, true)
  const body = new Float64Array(buffer, bodyAt)
  let ragged = columns * n
  for (let i = 0; i < n; i++) {
    const service = input.services[i]!
    writeFields(body, { i, n, fields: layout.fields }, service)
    if (service.memory) ragged = writeLists(body, ragged, service.memory)
  }
  return new Uint8Array(buffer)
}

function pairsIn({ floorMemory, changes, wants }: AgentMemory): number {
  return entriesIn(floorMemory) + entriesIn(changes) + wants.length
}

function entriesIn({ recommendations, scaleUps, scaleDowns }: HpaMemory): number {
  return recommendations.length + scaleUps.length + scaleDowns.length
}

/** The memory's lists in the order in which their lengths stand among the fields. */
function writeLists(
  body: Float64Array,
  at: number,
  { floorMemory, changes, wants }: AgentMemory,
): number {
  return writeCounts(body, writeHpa(body, writeHpa(body, at, floorMemory), changes), wants)
}

function writeHpa(
  body: Float64Array,
  at: number,
  { recommendations, scaleUps, scaleDowns }: HpaMemory,
): number {
  return writeChanges(
    body,
    writeChanges(body, writeCounts(body, at, recommendations), scaleUps),
    scaleDowns,
  )
}

function writeCounts(body: Float64Array, at: number, list: readonly TimedCount[]): number {
  let next = at
  for (const { atMs, replicas } of list) {
    body[next++] = atMs
    body[next++] = replicas
  }
  return next
}

function writeChanges(body: Float64Array, at: number, list: HpaMemory['scaleUps']): number {
  let next = at
  for (const { atMs, change } of list) {
    body[next++] = atMs
    body[next++] = change
  }
  return next
}

/** Row `i` of `n`, in a layout of `fields` columns before the levels. */
interface Row {
  readonly i: number
  readonly n: number
  readonly fields: number
}

function writeFields(
  body: Float64Array,
  { i, n, fields }: Row,
  { mode, observation, memory, replacementPerHour = 0 }: ServiceInput,
): void {
  const { replicas, demand } = observation
  let at = i
  const put = (value: number): void => {
    body[at] = value
    at += n
  }
  put(observation.nowMs)
  put(observation.loadRps)
  put(FRESHNESS.indexOf(observation.freshness))
  put(replicas.requested)
  put(replicas.ready)
  put(replicas.starting)
  put(replicas.terminating)
  put(observation.leadTimeMs)
  put(observation.capacityPerReplica)
  put(observation.saturationPerReplica)
  put(observation.drifting ? 1 : 0)
  put(demand ? 1 : 0)
  put(Mode.options.indexOf(mode))
  put(memory ? memory.floorReplicas : Number.NaN)
  put(memory ? memory.lastTo : Number.NaN)
  put(memory ? memory.floorMemory.recommendations.length : 0)
  put(memory ? memory.floorMemory.scaleUps.length : 0)
  put(memory ? memory.floorMemory.scaleDowns.length : 0)
  put(memory ? memory.changes.recommendations.length : 0)
  put(memory ? memory.changes.scaleUps.length : 0)
  put(memory ? memory.changes.scaleDowns.length : 0)
  put(memory ? memory.wants.length : 0)
  if (fields > FIELDS) put(replacementPerHour)
  assert.equal(at, i + fields * n)
  for (let level = 0; level < LEVELS.length; level++) put(demand ? demand[level]! : Number.NaN)
}

/**
 * The tick's inputs again. `specs` must be the rows that the frame was made with, in that order; `actors` those that the
 * rows name.
 */
export function decodeFrame(
  bytes: Uint8Array,
  specs: readonly SpecRow[],
  actors: Actors = NO_ACTORS,
): TickInput {
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = head.getUint32(0, true)
  const layout = LAYOUTS.find((one) => one.magic === magic)
  assert(layout, 'not a tick frame')
  const n = head.getUint32(4, true)
  assert.equal(n, specs.length, `frame of ${n} services, ${specs.length} specs`)
  const { fields } = layout
  const body = new Float64Array(bytes.slice(headBytes(layout)).buffer)
  const cursor = { at: (fields + LEVELS.length) * n }
  const services = specs.map((row, i) => ({
    ...readService(body, { i, n, fields }, cursor, row),
    ...actorIn(row, actors),
  }))
  const directive = layout.directed > 0 ? readDirective(head, layout) : undefined
  return {
    tick: head.getFloat64(8, true),
    atMs: head.getFloat64(16, true),
    costBudgetPerHour: head.getFloat64(24, true),
    ...(layout === SHARE && {
      jointBudgetPerHour: head.getFloat64(HEAD_BYTES + DIRECTIVE.length * 8, true),
    }),
    ...(directive ? { directive } : {}),
    services,
  }
}

function readDirective(head: DataView, { directed }: Layout): Directive | undefined {
  const [reactivePrice, price, extraBudgetPerHour, tolerance = 0] = Array.from(
    { length: directed },
    (_, k) => head.getFloat64(HEAD_BYTES + k * 8, true),
  ) as [number, number, number, number?]
  if (Number.isNaN(price)) return undefined
  return { reactivePrice, price, extraBudgetPerHour, tolerance }
}

/** Nothing for a row that names none. */
function actorIn(
  { service, actor: version }: SpecRow,
  actors: Actors,
): Pick<ServiceInput, 'actor'> {
  if (version === undefined) return {}
  const actor = actors.get(version)
  assert(actor, `policy ${version} of service ${service} is not known`)
  return { actor }
}

function readService(
  body: Float64Array,
  { i, n, fields }: Row,
  cursor: { at: number },
  { service, spec }: SpecRow,
): ServiceInput {
  const f = Array.from({ length: fields }, (_, k) => body[k * n + i]!)
  const demand = Float64Array.from(LEVELS, (_, level) => body[(fields + level) * n + i]!)
  const replacementPerHour = f[FIELDS] ?? 0
  const lists = f.slice(15, FIELDS).map((length) => readPairs(body, cursor, length))
  const asCounts = (k: number) => lists[k]!.map(([atMs, replicas]) => ({ atMs, replicas }))
  const asChanges = (k: number) => lists[k]!.map(([atMs, change]) => ({ atMs, change }))
  const hpa = (k: number): HpaMemory => ({
    recommendations: asCounts(k),
    scaleUps: asChanges(k + 1),
    scaleDowns: asChanges(k + 2),
  })
  return {
    spec,
    ...(replacementPerHour > 0 ? { replacementPerHour } : {}),
    mode: Mode.options[f[12]!]!,
    memory: Number.isNaN(f[13]!)
      ? undefined
      : {
          floorReplicas: f[13]!,
          lastTo: f[14]!,
          floorMemory: hpa(0),
          changes: hpa(3),
          wants: asCounts(6),
        },
    observation: {
      service,
      nowMs: f[0]!,
      loadRps: f[1]!,
      freshness: FRESHNESS[f[2]!]!,
      replicas: { requested: f[3]!, ready: f[4]!, starting: f[5]!, terminating: f[6]! },
      leadTimeMs: f[7]!,
      capacityPerReplica: f[8]!,
      saturationPerReplica: f[9]!,
      drifting: f[10] === 1,
      demand: f[11] === 1 ? demand : undefined,
    },
  }
}

type Pair = readonly [number, number]

function readPairs(body: Float64Array, cursor: { at: number }, length: number): Pair[] {
  return Array.from({ length }, () => {
    const pair: Pair = [body[cursor.at]!, body[cursor.at + 1]!]
    cursor.at += 2
    return pair
  })
}
