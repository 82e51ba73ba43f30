/** A controller among shards: its part of the exchange, and what operators told all of them, in the schema where they meet. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TickInput } from '../../coordinator/tick-input.ts'
import { systemClock } from '../clock.ts'
import type { AppConfig } from '../config.ts'
import { instanceName } from '../leader/instance.ts'
import type { Leadership } from '../leader/lease.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLedger } from '../ledger/registry.ts'
import { createExchange } from './exchange.ts'
import { needOf } from './need.ts'
import type { ShardsView } from './view.ts'

/** Between two attempts of claiming at once with others. */
const LONGEST_PAUSE_MS = 10

export interface Shares {
  /** The tick with what its shard may spend. Rejects as Exchange.claim does. */
  direct(input: TickInput): Promise<TickInput>
  /** What the tick has decided to spend, $/hour. */
  decided(spendPerHour: number): void
  /** For a controller that follows: reads what the others said. */
  look(): Promise<void>
  view(jointBudgetPerHour: number): ShardsView
  /** Where settings are kept that all shards go by. */
  readonly settings: Pick<Ledger, 'settings' | 'putSetting'>
  close(): Promise<void>
}

export interface SharesDeps {
  readonly config: () => AppConfig
  readonly stateDir: string
  readonly env: NodeJS.ProcessEnv
  readonly leadership: () => Leadership | undefined
}

/** undefined where there are no shards. Throws LedgerError. */
export async function openShares(deps: SharesDeps): Promise<Shares | undefined> {
  const { stateDir, env, leadership } = deps
  const config = deps.config()
  const { shards, ledger, leader } = config
  if (!shards || ledger.kind !== 'postgresql') return undefined
  const meeting = { ...config, ledger: { ...ledger, schema: shards.schema } }
  const joint = await openLedger(meeting, stateDir, { env })
  const { silentAfterTicks } = shards
  const exchange = createExchange({
    ...{ shard: shards.own, store: joint.shares, monotonicMs: systemClock.monotonicMs },
    ...{ holder: instanceName(stateDir), url: leader.url },
    names: () => deps.config().shards?.names ?? [],
    token() {
      const { leads = false, token = null } = leadership() ?? {}
      return leads ? (token ?? undefined) : undefined
    },
    silentAfterMs: () => silentAfterTicks * deps.config().tickMs,
    pause: async (round) => {
      await sleep(Math.random() * Math.min(round, LONGEST_PAUSE_MS) * 2)
    },
  })
  return {
    async direct(input) {
      const share = await exchange.claim(needOf(input), input.costBudgetPerHour)
      return {
        ...input,
        costBudgetPerHour: share.budgetPerHour,
        jointBudgetPerHour: share.jointBudgetPerHour,
      }
    },
    decided: exchange.decided,
    look: exchange.look,
    view: exchange.view,
    settings: joint,
    close: joint.close,
  }
}
