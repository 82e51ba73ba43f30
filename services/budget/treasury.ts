/**
 * The pacer live: amounts from configuration and operators, state kept in the ledger. The purses
 * are written at every tick, the profile of demand, which is long and changes slowly, once a part of the day.
 */
import type { TickOutput } from '../../coordinator/tick.ts'
import type { TickInput } from '../../coordinator/tick-input.ts'
import type { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { createPacer, PARTS_A_DAY, PacerState, ProfileState } from './pacer.ts'
import type { PeriodName } from './period.ts'
import type { PacedPeriodView } from './view.ts'

const STATE_KEY = 'pacing'
const PROFILE_KEY = 'pacing:profile'

export interface TreasuryDeps {
  readonly ledger: Pick<Ledger, 'checkpoint' | 'restore'>
  readonly config: () => Pick<AppConfig, 'budget' | 'outlook' | 'tickMs'>
  /** $ for a day or a month as it is in force; undefined: none. */
  readonly amountOf: (period: PeriodName) => number | undefined
}

export interface Treasury {
  /** The tick with its directive, and with no more than is left to spend; as it was while no amount is set. */
  direct(input: TickInput): TickInput
  /** After the tick was recorded. */
  follow(input: TickInput, output: TickOutput): Promise<void>
  view(): readonly PacedPeriodView[]
}

export async function openTreasury(deps: TreasuryDeps): Promise<Treasury> {
  const { ledger, config, amountOf } = deps
  const state = PacerState.safeParse(await ledger.restore(STATE_KEY)).data
  const profile = ProfileState.safeParse(await ledger.restore(PROFILE_KEY)).data
  const pacer = createPacer(
    () => ({
      amounts: { day: amountOf('day'), month: amountOf('month') },
      reactiveShare: config().budget.reactiveShare,
      tolerance: config().budget.reactiveTolerance,
      dayMs: config().outlook.dayMs,
      weekDays: config().outlook.weekDays,
      tickMs: config().tickMs,
    }),
    state && { state, profile },
  )
  let partKept: number | undefined
  return {
    direct(input) {
      const told = pacer.before({
        atMs: input.atMs,
        ...costsOf(input),
      })
      if (!told) return input
      const costBudgetPerHour = Math.min(input.costBudgetPerHour, told.costBudgetPerHour)
      return { ...input, costBudgetPerHour, directive: told.directive }
    },
    async follow({ atMs }, { demand }) {
      if (!demand) return
      pacer.after({ atMs, demand })
      await ledger.checkpoint(STATE_KEY, pacer.state(), atMs)
      const part = Math.floor((atMs * PARTS_A_DAY) / config().outlook.dayMs)
      if (part !== partKept) await ledger.checkpoint(PROFILE_KEY, pacer.profile(), atMs)
      partKept = part
    },
    view: pacer.view,
  }
}

/** All replicas that cost money, and what must run at any price, $/hour. */
function costsOf({ services }: TickInput): {
  runningCostPerHour: number
  minimumCostPerHour: number
} {
  let [runningCostPerHour, minimumCostPerHour] = [0, 0]
  for (const { spec, mode, observation } of services) {
    const { ready, starting, terminating } = observation.replicas
    const running = (ready + starting + terminating) * spec.pricePerReplicaHour
    runningCostPerHour += running
    minimumCostPerHour += mode === 'off' ? running : spec.minReplicas * spec.pricePerReplicaHour
  }
  return { runningCostPerHour, minimumCostPerHour }
}
