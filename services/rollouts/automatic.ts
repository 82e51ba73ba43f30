/**
 * Rollouts that nobody asked for (`rollouts.automatic`): now and then the registry is looked through for policies that have
 * not been tried, each is judged by what the log predicts of it, and the best one's shadow stage is begun. From there the
 * stages' own tests carry it on, or back. One at a time, and never on a service that has a rollout already.
 */
import { z } from 'zod'
import type { ServiceId } from '../../forecaster/series.ts'
import { Conflict } from '../control-plane.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { learnFromLog } from './automatic-learning.ts'
import { type AutomaticView, JudgedPolicy } from './automatic-view.ts'
import type { RolloutsConfig } from './config.ts'
import { judgePolicies } from './judged.ts'
import type { RolloutRequest, RolloutView } from './request.ts'
import { AUTOMATIC, type Rollout, type Strategy } from './rollout.ts'

const KEY = 'automatic-rollouts'

const Kept = z.strictObject({
  lookedAtMs: z.number().nullable(),
  learnedAtMs: z.number().nullable(),
  waiting: z.string().nullable(),
  policies: z.array(JudgedPolicy),
})
type Kept = z.infer<typeof Kept>
const NOTHING: Kept = { lookedAtMs: null, learnedAtMs: null, waiting: null, policies: [] }

export interface AutomaticDeps {
  readonly ledger: Ledger
  readonly config: () => RolloutsConfig
  readonly services: () => readonly ServiceId[]
  /** Whether what is decided for it acts. */
  readonly isEnforced: (service: ServiceId) => boolean
  readonly inForce: (service: ServiceId) => Strategy
  readonly running: () => readonly Rollout[]
  readonly start: (request: RolloutRequest, actor: string) => Promise<RolloutView>
  readonly nowMs: () => number
  readonly onError: (error: unknown, what: string) => void
}

export interface Automatic {
  /** After a tick: learns and looks when it is time to. While one look runs none is begun. */
  follow(): Promise<void>
  view(): AutomaticView
  idle(): Promise<void>
}

export async function openAutomatic(deps: AutomaticDeps): Promise<Automatic> {
  const { ledger, config, nowMs } = deps
  let kept: Kept = Kept.safeParse(await ledger.restore(KEY)).data ?? NOTHING
  let work: Promise<void> | undefined

  const isDue = (lastMs: number | null, everyMs: number | null) =>
    everyMs !== null && (lastMs === null || nowMs() >= lastMs + everyMs)

  async function look(): Promise<void> {
    const { everyMs, learnEveryMs } = config()
    const mustLearn = isDue(kept.learnedAtMs, learnEveryMs)
    if (!mustLearn && !isDue(kept.lookedAtMs, everyMs)) return
    const atMs = nowMs()
    if (mustLearn) await learnFromLog(ledger, atMs)
    const { policies, waiting } = await judgeAndBegin(deps)
    const learnedAtMs = mustLearn ? atMs : kept.learnedAtMs
    kept = { lookedAtMs: atMs, learnedAtMs, waiting, policies }
    await ledger.checkpoint(KEY, kept, atMs)
  }

  return {
    async follow() {
      if (!config().automatic || work) return
      work = look()
        .catch((error) => deps.onError(error, 'policies could not be looked through'))
        .finally(() => {
          work = undefined
        })
      await work
    },
    view() {
      const { automatic, everyMs } = config()
      const { lookedAtMs } = kept
      const nextLookAtMs = automatic ? (lookedAtMs === null ? nowMs() : lookedAtMs + everyMs) : null
      return { enabled: automatic, nextLookAtMs, ...kept, policies: [...kept.policies] }
    },
    idle: async () => await work,
  }
}

/** What is known of every policy, and the rollout of the one that promises most. */
async function judgeAndBegin(deps: AutomaticDeps): Promise<Pick<Kept, 'policies' | 'waiting'>> {
  const { settings } = deps.config()
  const free = freeServices(deps)
  const policies = await judgePolicies({ ...deps, settings, services: free })
  const chosen = mostPromising(policies)
  if (!chosen) return { policies, waiting: null }
  const own = deps.running().find(({ changes }) => changes[0]?.by === AUTOMATIC)
  if (own) return { policies, waiting: `rollout ${own.number} is under way` }
  if (free.length === 0)
    return {
      policies,
      waiting:
        'no service is free: each has a rollout, is not in mode enforce, or has a reactive strategy',
    }
  try {
    const { number } = await deps.start(
      {
        ...{ kind: 'rollout', services: [...free], settings, why: chosen.why.slice(0, 200) },
        candidate: { policy: 'learned', version: chosen.version },
      },
      AUTOMATIC,
    )
    const begun = { ...chosen, verdict: 'runs' as const, why: `rollout ${number}: ${chosen.why}` }
    return { policies: policies.map((one) => (one === chosen ? begun : one)), waiting: null }
  } catch (error) {
    if (error instanceof Conflict) return { policies, waiting: error.message }
    throw error
  }
}

/** Under a reactive strategy there is no forecast that a shadow stage could stretch: that is left to people. */
function freeServices({ services, isEnforced, inForce, running }: AutomaticDeps): ServiceId[] {
  const taken = new Set(running().flatMap((rollout) => rollout.services))
  return services().filter(
    (service) =>
      isEnforced(service) && !taken.has(service) && inForce(service).policy !== 'reactive',
  )
}

/** What the log speaks for most; else the newest that it says nothing of. */
function mostPromising(policies: readonly JudgedPolicy[]): JudgedPolicy | undefined {
  const better = policies
    .filter(({ verdict }) => verdict === 'better')
    .sort((a, b) => estimateOf(a) - estimateOf(b))
  return better[0] ?? policies.find(({ verdict }) => verdict === 'unknown')
}

const estimateOf = ({ findings }: JudgedPolicy): number => findings?.loss.estimate ?? 0
