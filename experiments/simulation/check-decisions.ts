/** What is checked of every tick when it is written: harm, decreases without data, staleness that is not said. */
import type { AgentMemory } from '../../agents/agent.ts'
import { shiftMemory } from '../../agents/shift-memory.ts'
import { decodeFrame, type SpecRow } from '../../coordinator/frame.ts'
import { decideTick } from '../../coordinator/tick.ts'
import type { ServiceInput, TickInput } from '../../coordinator/tick-input.ts'
import type { Recorded, Watch } from './checker.ts'

export interface DecisionChecks {
  recorded(recorded: Recorded): void
}

/** What a controller's clock may be wrong by beside its skew, before what it says of the age of data is held against it. */
const CLOCK_SLACK_MS = 60_000

export function createDecisionChecks(watch: Watch): DecisionChecks {
  const { ledgerBook, broken } = watch
  let shadow: Shadow = new Map()
  const isLowered = budgetWatch()
  let specsHash = ''
  let specs: readonly SpecRow[] = []

  function specsOf({ configHash, tick }: Recorded['tick']): readonly SpecRow[] | undefined {
    if (configHash === specsHash) return specs
    const text = ledgerBook.tables.checkpoints.get(`specs:${configHash}`)
    if (text === undefined)
      return void broken('books', `tick ${tick} names specs that are not kept`)
    specs = JSON.parse(text)
    specsHash = configHash
    return specs
  }

  return {
    recorded(recorded) {
      const { tick, decisions } = recorded
      const rows = specsOf(tick)
      if (!rows) return
      const input = decodeFrame(tick.inputs, rows)
      checkData(watch, recorded, input)
      isLowered.see(tick.costBudgetPerHour)
      const alone = decideAlone(input, shadow)
      shadow = alone.next
      decisions.forEach(({ mode, service, to }, i) => {
        const floor = alone.to[i]!
        if (mode === 'enforce' && to < floor && !isLowered.lately())
          broken('harm', `tick ${tick.tick} ${service} ${to}, reactive alone ${floor}`)
      })
    },
  }
}

/** By the age that the newest load truly has, whatever a clock says. */
function checkData(watch: Watch, { tick, decisions }: Recorded, input: TickInput): void {
  const { knobs, told, broken, nowMs } = watch
  const { config } = knobs
  const { lateAfterSteps, deadAfterSteps } = config.freshness
  const usual = Math.max(1, config.tickMs / config.stepMs) + 1
  const skewMs = Math.max(...knobs.skewsMs.map(Math.abs)) + CLOCK_SLACK_MS + 4 * knobs.timeoutMs
  const spent = tick.spendPerHour - tick.costBudgetPerHour
  decisions.forEach(({ service, from, to, mode }, i) => {
    const ageMs = nowMs() - (told.newestLoadMs.get(service) ?? Number.NEGATIVE_INFINITY)
    const { freshness } = input.services[i]!.observation
    const isLate = ageMs > (lateAfterSteps + usual) * config.stepMs + skewMs
    const isDead = ageMs > (deadAfterSteps + usual) * config.stepMs + skewMs
    if (isLate && freshness === 'fresh' && told.hasData)
      broken('staleness', `${service}: data ${ageMs} ms old is said to be ${freshness}`)
    if (isDead && freshness !== 'dead' && told.hasData)
      broken('staleness', `${service}: data ${ageMs} ms old is said to be ${freshness}`)
    const { maxReplicas, pricePerReplicaHour } = config.services[service]!
    const isForced = spent + pricePerReplicaHour > 0
    if (mode === 'enforce' && isLate && !isForced && to < Math.min(from, maxReplicas))
      broken('blind', `tick ${tick.tick} ${service} ${from}>${to} on data ${ageMs} ms old`)
  })
}

/** Extra that was taken under a larger budget may be slow to return: no harm is promised under one budget. */
const RETURN_TICKS = 30

function budgetWatch() {
  const seen: number[] = []
  return {
    see(budget: number): void {
      seen.push(budget)
      if (seen.length > RETURN_TICKS) seen.shift()
    },
    lately: () => seen.some((budget) => budget !== seen[0]),
  }
}

interface Alone {
  readonly requested: number
  readonly memory: AgentMemory | undefined
  /** What the real one was left at. */
  readonly real: number
}
type Shadow = Map<string, Alone>

/** On the clock of the real memory, which moves when that clock is set; the floor's track is the same in both. */
function moved(own: Alone, { floorMemory }: AgentMemory): Alone {
  const ours = own.memory?.floorMemory.recommendations.at(-1)?.atMs
  const theirs = floorMemory.recommendations.at(-1)?.atMs
  const byMs = ours === undefined || theirs === undefined ? 0 : theirs - ours
  return byMs === 0 || !own.memory ? own : { ...own, memory: shiftMemory(own.memory, byMs) }
}

/** The tick as reactive control alone would decide it, in a world of its own that starts anew when others interfere. */
function decideAlone(input: TickInput, shadow: Shadow): { to: number[]; next: Shadow } {
  const services = input.services.map((service): ServiceInput => {
    const { observation, memory, spec } = service
    const { requested, terminating } = observation.replicas
    const known = shadow.get(observation.service)
    // what an operator takes out of Forescale's hands stays as it stands, extra and all, and costs what it costs
    const isOurs = service.mode === 'enforce' && memory?.lastTo === requested
    const own = known && memory && isOurs ? moved(known, memory) : undefined
    const count = own?.requested ?? requested
    return {
      mode: service.mode,
      spec: { ...spec, policy: 'reactive' },
      memory: own ? own.memory : memory,
      observation: {
        ...observation,
        demand: undefined,
        drifting: false,
        replicas: own
          ? { requested: count, ready: count, starting: 0, terminating }
          : observation.replicas,
      },
    }
  })
  const { directive: _, ...rest } = input
  const output = decideTick({ ...rest, services })
  const next: Shadow = new Map()
  output.grants.forEach(({ to }, i) => {
    const { observation } = services[i]!
    next.set(observation.service, { requested: to, memory: output.memories[i], real: to })
  })
  return { to: output.grants.map(({ to }) => to), next }
}
