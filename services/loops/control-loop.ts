/**
 * The loop: one tick walks store → forecast → proposals → arbitration → ledger → actuator, once, for all services.
 * It reads like a table of contents; the judgement is in the functions that it calls.
 */
import type { AgentMemory } from '../../agents/agent.ts'
import type { ReplicaCounts } from '../../agents/observation.ts'
import type { LearnedActor } from '../../agents/policies/learned/act.ts'
import { lowerMode, type Mode, type ServiceSpec } from '../../agents/service-spec.ts'
import type { TickInput } from '../../coordinator/tick-input.ts'
import { type Forecast, toDocument } from '../../forecaster/forecast.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { Actuator, ObservedReplicas } from '../actuators/actuator.ts'
import type { Treasury } from '../budget/treasury.ts'
import type { AppConfig } from '../config.ts'
import type { Ledger, Outcome } from '../ledger/ledger.ts'
import { lookAhead } from '../models/contenders.ts'
import type { RightSizing } from '../right-sizing/right-sizing.ts'
import type { Shares } from '../shards/shares.ts'
import { inSpan, inSpanSync } from '../telemetry/spans.ts'
import { applyDecisions, type Settled, withheldAfter } from './apply.ts'
import { followTargets, unsaidAfter } from './came-out.ts'
import type { ClockDoubt } from './clock-doubt.ts'
import type { Instant } from './clock-jumps.ts'
import { type Decided, decide, memoriesOf } from './decide.ts'
import { createKeptSpecs } from './kept-specs.ts'
import type { LoadBook } from './load-book.ts'
import { observe } from './observe.ts'
import { type Refusals, refusalsAfter, withRefusals } from './refusals.ts'
import type { Settings } from './settings.ts'
import type { Unanswered } from './unanswered.ts'

/** Forecasts written a tick; beyond it services take turns, so that a tick's I/O stays bounded. */
const FORECASTS_A_TICK = 500
const OUTCOMES_EVERY_TICKS = 10

export interface ControlLoopDeps {
  readonly config: AppConfig
  readonly book: LoadBook
  readonly ledger: Ledger
  readonly actuator: Actuator
  readonly settings: Settings
  readonly treasury: Treasury
  /** Changes of tier under way; absent: there are none. */
  readonly rightSizing?: Pick<RightSizing, 'lay'>
  /** What this shard may spend; absent where there are no shards. */
  readonly shares?: Pick<Shares, 'direct' | 'decided'> | undefined
  /** What acts for a service whose policy is `learned`. */
  readonly actorOf?: ObserveDeps['actorOf']
  /** Start-up time by service as measured lately, ms. */
  readonly startups: () => Promise<ReadonlyMap<ServiceId, number>>
  /** Wall clock for durations, ms; constant 0 where ticks must be reproducible. */
  readonly stopwatchMs: () => number
}

export interface LoopState {
  tick: number
  memories: Map<ServiceId, AgentMemory>
  /** The last tick broke off while it was recorded or carried out: how far it came is not known. */
  isUnsure?: boolean
  /** Orders that got no answer: they may still be carried out. */
  unanswered?: Unanswered
  /** Targets that will not shrink while others wait for that. */
  refusals?: Refusals
  /** Services whose last order is not said to be carried out. */
  unsaid?: ReadonlySet<ServiceId>
  /** By both clocks, when the last tick began; undefined before any, where that is not known, and where time is set by hand. */
  lastSeen?: Instant | undefined
  /** When a leader's ticks were looked for last, by the monotonic clock, and the newest that was there; 0: none. */
  looked?: { readonly monotonicMs: number; readonly tick: number }
  /** Whether the clock stands behind; absent where time is set by hand. */
  doubt?: ClockDoubt
}

/** What a tick was told of a target. */
type Counts = ReplicaCounts & Pick<ObservedReplicas, 'conflict' | 'carrierLagMs'>

export interface TickResult {
  readonly decided: Decided
  readonly forecasts: ReadonlyMap<ServiceId, Forecast>
  readonly replicas: ReadonlyMap<ServiceId, Counts>
  readonly settled: readonly Settled[]
  readonly durationMs: number
}

export interface ControlLoop {
  /** One whole tick. Rejects when it could not be recorded: then nothing was changed either. */
  tick(nowMs: number): Promise<TickResult>
  readonly state: LoopState
}

export function createControlLoop(deps: ControlLoopDeps, state: LoopState): ControlLoop {
  const { book, ledger, actuator, settings } = deps
  const outcomes = createOutcomes(ledger)
  const specsOf = createKeptSpecs(ledger)
  async function record(
    decided: Decided,
    forecasts: ReadonlyMap<ServiceId, Forecast>,
    startedMs: number,
  ): Promise<number> {
    const { input, output, frame, outputsHash, decisions } = decided
    const configHash = await specsOf(input)
    const durationMs = deps.stopwatchMs() - startedMs
    const { tick, atMs, costBudgetPerHour } = input
    const { spendPerHour, shadowPrice, feasible } = output
    const boundBy = feasible ? (shadowPrice > 0 ? 'budget' : 'none') : 'budget-infeasible'
    await ledger.openTick(
      {
        tick,
        atMs,
        epoch: ledger.epoch,
        costBudgetPerHour,
        spendPerHour,
        shadowPrice,
        feasible,
        boundBy,
        configHash,
        durationMs,
        inputs: frame,
        outputsHash,
      },
      decisions,
      turnOf([...forecasts.values()], tick).map(toDocument),
    )
    return durationMs
  }

  return {
    state,
    async tick(nowMs) {
      const startedMs = deps.stopwatchMs()
      await inSpan('collect', () => book.read(nowMs))
      const replicas = withRefusals(await actuator.observe(), state.refusals, state.tick + 1)
      followTargets(state, replicas)
      const forecasts = inSpanSync('forecast', () => forecastAll(book, deps.config))
      const observed = observeAll(deps, {
        nowMs,
        tick: state.tick + 1,
        forecasts,
        replicas,
        startups: await deps.startups(),
        memories: state.memories,
      })
      const input = await directed(deps, observed)
      const decided = inSpanSync('decide', () => decide(input, ledger.epoch))
      deps.shares?.decided(decided.output.spendPerHour)
      state.isUnsure = true
      const durationMs = await inSpan('record', () => record(decided, forecasts, startedMs))
      // the tick is in the ledger: from here on it has happened, whatever becomes of its effects
      state.tick = input.tick
      state.memories = memoriesOf(decided)
      const { decisions } = decided
      const { settled, unanswered } = await inSpan('actuate', () =>
        applyDecisions({
          ...{ actuator, decisions, input, nowMs: () => nowMs },
          withheld: () =>
            withheldAfter(deps.stopwatchMs() - startedMs, deps.config.tickMs, settings.paused()),
          unanswered: state.unanswered ?? new Map(),
        }),
      )
      state.unanswered = unanswered
      state.unsaid = unsaidAfter(decisions, settled)
      state.refusals = refusalsAfter(state, decisions, settled)
      if (settled.length > 0) await ledger.settle(settled)
      state.isUnsure = false
      await outcomes.follow(decided, book)
      await deps.treasury.follow(input, decided.output)
      return { decided, forecasts, replicas, settled, durationMs }
    },
  }
}

/** What the meta-controller makes of it: what may be spent, and which changes of tier are paid for. */
async function directed(
  { treasury, rightSizing, shares }: ControlLoopDeps,
  observed: TickInput,
): Promise<TickInput> {
  const input = treasury.direct(observed)
  const laid = rightSizing?.lay(input) ?? input
  return shares ? inSpan('share', () => shares.direct(laid)) : laid
}

function turnOf(forecasts: readonly Forecast[], tick: number): readonly Forecast[] {
  if (forecasts.length <= FORECASTS_A_TICK) return forecasts
  const turns = Math.ceil(forecasts.length / FORECASTS_A_TICK)
  const start = (tick % turns) * FORECASTS_A_TICK
  return forecasts.slice(start, start + FORECASTS_A_TICK)
}

/** A forecast from where each series stands; services without a fitted model have none. */
export function forecastAll(
  book: Pick<LoadBook, 'entries' | 'following' | 'readToMs'>,
  config: Pick<AppConfig, 'forecast'>,
): Map<ServiceId, Forecast> {
  const forecasts = new Map<ServiceId, Forecast>()
  const issuedAtMs = book.readToMs()
  if (Number.isNaN(issuedAtMs)) return forecasts
  for (const { service, contenders } of book.entries.values()) {
    const { champion } = contenders
    if (!champion) continue
    const { horizonSteps } = config.forecast
    const following = book.following(service)
    forecasts.set(service, lookAhead(champion.state, issuedAtMs, horizonSteps, following))
  }
  return forecasts
}

interface ObserveAll {
  readonly nowMs: number
  readonly tick: number
  readonly forecasts: ReadonlyMap<ServiceId, Forecast>
  readonly replicas: ReadonlyMap<ServiceId, Counts>
  readonly startups: ReadonlyMap<ServiceId, number>
  readonly memories: ReadonlyMap<ServiceId, AgentMemory>
}

export interface ObserveDeps {
  readonly config: AppConfig
  readonly book: Pick<LoadBook, 'entries'>
  readonly settings: Pick<Settings, 'budget' | 'modeOf' | 'specOf'>
  /** What acts for a service whose policy is `learned`; absent: nothing does for any. */
  readonly actorOf?: ((service: ServiceId) => LearnedActor | undefined) | undefined
}

/** What all agents see at one tick. */
export function observeAll(deps: ObserveDeps, given: ObserveAll): TickInput {
  const { settings, book, config } = deps
  const services = [...book.entries.values()].map((entry) => {
    const { service } = entry
    const spec: ServiceSpec = settings.specOf(service)
    const counts = given.replicas.get(service)
    const observation = observe({
      config,
      spec,
      entry,
      replicas: counts ?? { requested: spec.minReplicas, ready: 0, starting: 0, terminating: 0 },
      startupMs: given.startups.get(service),
      carrierLagMs: counts?.carrierLagMs,
      forecast: given.forecasts.get(service),
      nowMs: given.nowMs,
    })
    const actor = spec.policy === 'learned' ? deps.actorOf?.(service) : undefined
    return {
      spec,
      mode: counts ? modeFor(counts, settings.modeOf(service)) : 'off',
      observation,
      memory: given.memories.get(service),
      ...(actor ? { actor } : {}),
    }
  })
  return { tick: given.tick, atMs: given.nowMs, costBudgetPerHour: settings.budget(), services }
}

/** A target that does not say what it runs is left alone; one that something else scales too is only advised. */
function modeFor({ conflict }: Pick<ObservedReplicas, 'conflict'>, mode: Mode): Mode {
  return conflict?.holds ? lowerMode(mode, 'recommend') : mode
}

interface Outcomes {
  follow(decided: Decided, book: LoadBook): Promise<void>
}

/** What came of it, per service: load, violations, replica-hours and cost since the last row. */
function createOutcomes(ledger: Ledger): Outcomes {
  let lastMs = Number.NaN
  let sinceTick = 0
  const hours = new Map<ServiceId, number>()
  return {
    async follow({ input }, book) {
      const elapsedHours = Number.isNaN(lastMs) ? 0 : (input.atMs - lastMs) / 3_600_000
      lastMs = input.atMs
      for (const { observation } of input.services) {
        const { ready, starting, terminating } = observation.replicas
        const spent = (ready + starting + terminating) * elapsedHours
        hours.set(observation.service, (hours.get(observation.service) ?? 0) + spent)
      }
      sinceTick++
      if (sinceTick < OUTCOMES_EVERY_TICKS) return
      sinceTick = 0
      const rows: Outcome[] = input.services.map(({ spec, observation: { service, loadRps } }) => {
        const replicaHours = hours.get(service) ?? 0
        const violationRatio = book.entries.get(service)?.violationRatio ?? Number.NaN
        const known = (value: number) => (Number.isNaN(value) ? null : value)
        return {
          tick: input.tick,
          service,
          atMs: input.atMs,
          loadRps: known(loadRps),
          violationRatio: known(violationRatio),
          replicaHours,
          cost: replicaHours * spec.pricePerReplicaHour,
        }
      })
      hours.clear()
      await ledger.saveOutcomes(rows)
    },
  }
}
