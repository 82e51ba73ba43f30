/** What operators changed at run time (budget, modes, policies, pause): kept in the ledger, laid over the config. */
import { z } from 'zod'
import { lowerMode, Mode, PolicyKind, type ServiceSpec } from '../../agents/service-spec.ts'
import { offersFor, specOn } from '../../coordinator/meta/tiers.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import { BudgetAmount } from '../budget/config.ts'
import type { PeriodName } from '../budget/period.ts'
import type { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'

// made once: they are asked at every tick, of every service
const Paused = z.boolean()
const Budget = z.number().positive()
const Amount = BudgetAmount.nullable()
const Tier = z.string()
const PolicyVersion = z.string().nullable()

export interface Settings {
  budget(): number
  /** $ that must last for a day or a month; undefined: none is set. */
  amountOf(period: PeriodName): number | undefined
  mode(): Mode
  paused(): boolean
  /** The mode in force for one service: the lower of global and own; while paused never enforce. */
  modeOf(service: ServiceId): Mode
  policyOf(service: ServiceId): PolicyKind
  /** Of the learned policy that acts where `policyOf` is `learned`; undefined: none was chosen. */
  policyVersionOf(service: ServiceId): string | undefined
  /** The tier that it runs on; undefined: it has none. */
  tierOf(service: ServiceId): string | undefined
  /** The service's spec with the policy and on the tier that are in force. */
  specOf(service: ServiceId): ServiceSpec
  put(key: SettingKey, value: unknown, actor: string, atMs: number): Promise<void>
  rebase(config: AppConfig): void
  /** What another controller changed. */
  reread(): Promise<void>
}

export type SettingKey =
  | 'budget'
  | `budget/${PeriodName}`
  | 'mode'
  | 'paused'
  | `mode/${ServiceId}`
  | `policy/${ServiceId}`
  | `policy-version/${ServiceId}`
  | `tier/${ServiceId}`

type Keeper = Pick<Ledger, 'settings' | 'putSetting'>

/** What all shards go by; the rest is of services, which have one shard each. */
const isJoint = (key: string): boolean => ['budget', 'mode', 'paused'].includes(key)

/** `joint` keeps what all shards go by; absent: there are none. */
export async function openSettings(
  initial: AppConfig,
  ledger: Keeper,
  joint?: Keeper,
): Promise<Settings> {
  let config = initial
  const byKey = new Map<string, unknown>()
  const specs = new Map<ServiceId, ServiceSpec>()
  async function reread(): Promise<void> {
    for (const { key, value } of await ledger.settings()) byKey.set(key, value)
    for (const { key, value } of (await joint?.settings()) ?? [])
      if (isJoint(key)) byKey.set(key, value)
    specs.clear()
  }
  const read = <T>(key: SettingKey, schema: z.ZodType<T>, fallback: T): T => {
    if (!byKey.has(key)) return fallback
    const stored = schema.safeParse(byKey.get(key))
    return stored.success ? stored.data : fallback
  }
  const mode = () => read('mode', Mode, config.mode)
  const paused = () => read('paused', Paused, false)
  const policyOf = (service: ServiceId) =>
    read(`policy/${service}`, PolicyKind, config.services[service]!.policy)
  function tierOf(service: ServiceId): string | undefined {
    const { tier, tiers } = config.services[service]!
    if (tier === undefined) return undefined
    const stored = read(`tier/${service}`, Tier, tier)
    // one that the configuration no longer offers is as good as none
    return tiers && Object.hasOwn(tiers, stored) ? stored : tier
  }
  await reread()
  return {
    reread,
    mode,
    paused,
    policyOf,
    tierOf,
    policyVersionOf: (service) =>
      read(`policy-version/${service}`, PolicyVersion, null) ?? undefined,
    budget: () => read('budget', Budget, config.costBudgetPerHour),
    amountOf(period) {
      const configured = period === 'day' ? config.budget.perDay : config.budget.perMonth
      return read(`budget/${period}`, Amount, configured ?? null) ?? undefined
    },
    modeOf(service) {
      const own = read(`mode/${service}`, Mode, config.services[service]!.mode ?? 'enforce')
      const inForce = lowerMode(mode(), own)
      return paused() ? lowerMode(inForce, 'recommend') : inForce
    },
    specOf(service) {
      const known = specs.get(service)
      const policy = policyOf(service)
      const tier = tierOf(service)
      if (known?.policy === policy && known.tier === tier) return known
      const declared = { ...config.services[service]!, policy }
      const offer = offersFor(declared, config.tiers).find(({ name }) => name === tier)
      const spec = offer ? specOn(declared, offer) : declared
      specs.set(service, spec)
      return spec
    },
    async put(key, value, actor, atMs) {
      const keeper = joint && isJoint(key) ? joint : ledger
      await keeper.putSetting({ key, value, changedAtMs: atMs, actor })
      byKey.set(key, value)
    },
    rebase(next) {
      config = next
      specs.clear()
    },
  }
}
