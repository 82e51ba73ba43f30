/**
 * Right-sizing live, the slow loop beside the ticks: measures at every tick what each tier would have cost, plans the days
 * ahead once an hour, says what it recommends, and, where it may, changes tiers: first both run, then the new one takes over.
 */
import { carriedOn, rightSize } from '../../coordinator/meta/right-size.ts'
import { dueAt, dueTier, followRegret, openStanding } from '../../coordinator/meta/tier-switch.ts'
import type { TickInput } from '../../coordinator/tick-input.ts'
import { PARTS_A_DAY } from '../../forecaster/outlook.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import { canResize } from '../actuators/actuator.ts'
import type { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { TickResult } from '../loops/control-loop.ts'
import type { Settings } from '../loops/settings.ts'
import { createDayBook, type DayBook } from '../outlook/days.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import { type ChangesDeps, createChanges } from './changes.ts'
import { type Choice, choicesIn, rowsOf, sizingInput } from './choice.ts'
import { recommendationOf } from './recommend.ts'
import { type Kept, type Plan, RightSizingState } from './state.ts'
import type { RightSizingView, SizeRecommendation } from './view.ts'
import { windowOf } from './window.ts'

const KEY = 'right-sizing'
const HOUR_MS = 3_600_000
/** Regrets are written so often; a change under way at every step. */
const KEPT_EVERY_TICKS = 20
/** Services planned a tick; beyond it they take turns. */
const PLANS_A_TICK = 100

export interface RightSizingDeps extends Pick<ChangesDeps, 'actuator' | 'onTakeOver'> {
  readonly ledger: Pick<
    Ledger,
    'checkpoint' | 'restore' | 'demandDays' | 'saveDemandDays' | 'lastDemandDays'
  >
  readonly store: Pick<SampleStore, 'grid'>
  readonly config: () => AppConfig
  readonly settings: Pick<Settings, 'tierOf' | 'modeOf' | 'put'>
  readonly log: {
    warn(fields: object, message: string): void
    info(fields: object, message: string): void
  }
}

export interface RightSizing {
  /** The tick with what changes under way cost. */
  lay(input: TickInput): TickInput
  /** After the tick was recorded and carried out. */
  follow(result: TickResult): Promise<void>
  view(): RightSizingView
}

export async function openRightSizing(deps: RightSizingDeps): Promise<RightSizing> {
  const { ledger, config, settings, actuator, log } = deps
  const restored = RightSizingState.safeParse(await ledger.restore(KEY)).data
  const kept = new Map<ServiceId, Kept>(Object.entries(restored ?? {}))
  const keep = (atMs: number) => ledger.checkpoint(KEY, Object.fromEntries(kept), atMs)
  const planner = createPlanner(createDayBook(deps.store, ledger), config)
  const changes = createChanges({ ...deps, kept, keep })
  let choices: readonly Choice[] = []
  let lastMs = Number.NaN

  const modeOf = (service: ServiceId) => {
    const { mode } = config().rightSizing
    if (mode !== 'enforce') return mode
    return canResize(actuator) ? settings.modeOf(service) : 'recommend'
  }

  const rates = () => {
    const { trust, margin, windowDays } = config().rightSizing
    return { trust, margin, windowHours: (windowDays * config().outlook.dayMs) / HOUR_MS }
  }

  /** What a tick adds to what is known of one service; $/hour that a change begun now takes. */
  async function followOne(choice: Choice, result: TickResult, hours: number, room: number) {
    const { service } = choice
    const { atMs } = result.decided.input
    const rows = rowsOf(choice, config(), planner.of(service)?.sizing)
    const state = standingOf(kept.get(service), choice, atMs)
    const standing = followRegret(state.standing, rows, hours)
    kept.set(service, { ...state, standing })
    if (modeOf(service) !== 'enforce') return 0
    if (state.replacement) {
      const ended = await changes.follow(choice, result)
      if (ended) log.info({ service, ...ended }, 'change of tier')
      if (ended) planner.forget(service)
      return 0
    }
    const tier = dueTier(standing, rows, rates())
    return tier === undefined ? 0 : changes.begin(choice, tier, room, atMs)
  }

  function recommend(choice: Choice): SizeRecommendation {
    const { service, offers, current, input } = choice
    const plan = planner.of(service)
    const state = standingOf(kept.get(service), choice, input.observation.nowMs)
    const rows = rowsOf(choice, config(), plan?.sizing)
    return recommendationOf({
      ...{ service, offers, current, input, plan, state, rows, mode: modeOf(service) },
      due: rows.map((row) => dueAt(row, rows[current]!, rates())),
      isDue: (tier) => dueTier(state.standing, rows, rates()) === tier,
      carried: offers.map((_, tier) => carriedOn(sizingInput(choice, config(), []), tier).capacity),
      windowDays: config().rightSizing.windowDays,
      partMs: config().outlook.dayMs / PARTS_A_DAY,
    })
  }

  return {
    lay: (input) => ({
      ...input,
      services: input.services.map((one) => {
        const replacementPerHour = changes.costOf(one)
        return replacementPerHour > 0 ? { ...one, replacementPerHour } : one
      }),
    }),
    async follow(result) {
      const { input, output } = result.decided
      if (config().rightSizing.mode === 'off') return
      choices = choicesIn(input, output.shadowPrice, config(), settings.tierOf)
      if (choices.length === 0) return
      await planner.plan(choices, input.atMs)
      const hours = Number.isNaN(lastMs) ? 0 : (input.atMs - lastMs) / HOUR_MS
      lastMs = input.atMs
      let room = input.costBudgetPerHour - output.spendPerHour
      for (const choice of choices) {
        try {
          room -= await followOne(choice, result, hours, room)
        } catch (error) {
          const { service } = choice
          log.warn({ service, err: error }, 'its tier could not be changed; tried again')
        }
      }
      if (input.tick % KEPT_EVERY_TICKS === 0) await keep(input.atMs)
    },
    view() {
      const { mode, windowDays } = config().rightSizing
      const services = choices.map(recommend)
      const savingPerHour = services.reduce((sum, one) => sum + one.savingPerHour, 0)
      return { mode, windowDays, services, savingPerHour }
    },
  }
}

/** What is kept of a service; where somebody else put it on another tier, anew. */
function standingOf(known: Kept | undefined, { offers, current }: Choice, nowMs: number): Kept {
  const tier = offers[current]!.name
  if (known?.standing.tier === tier) return known
  const lastChange = known?.lastChange ?? null
  return { standing: openStanding(tier, nowMs), replacement: null, lastChange }
}

interface Planner {
  /** Plans services that have none of this hour, so many a tick. */
  plan(choices: readonly Choice[], nowMs: number): Promise<void>
  of(service: ServiceId): Plan | undefined
  forget(service: ServiceId): void
}

function createPlanner(days: DayBook, config: () => AppConfig): Planner {
  const plans = new Map<ServiceId, Plan>()
  let plannedPart = Number.NaN
  let plannedFor: AppConfig | undefined
  return {
    of: (service) => plans.get(service),
    forget: (service) => plans.delete(service),
    async plan(choices, nowMs) {
      const given = config()
      const { outlook, rightSizing, stepMs, retentionMs, seed } = given
      const part = Math.floor(nowMs / (outlook.dayMs / PARTS_A_DAY))
      if (part !== plannedPart || given !== plannedFor) plans.clear()
      plannedPart = part
      plannedFor = given
      const due = choices.filter(({ service }) => !plans.has(service)).slice(0, PLANS_A_TICK)
      if (due.length === 0) return
      const names = due.map(({ service }) => service)
      const history = await days.history(names, { ...outlook, stepMs, retentionMs }, nowMs)
      const { weekDays } = outlook
      const { windowDays } = rightSizing
      for (const choice of due) {
        const own = history.get(choice.service) ?? []
        const window = windowOf({ days: own, windowDays, weekDays, seed })
        const sizing = rightSize(sizingInput(choice, given, window.parts))
        plans.set(choice.service, { window, sizing })
      }
    },
  }
}
