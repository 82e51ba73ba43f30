/** What people ask of rollouts, carried out on the ones that run. */
import { Conflict } from '../control-plane.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { RolloutControl } from './control.ts'
import { learnPolicy } from './learning.ts'
import type { Move } from './moves.ts'
import { policyRow } from './policy-version.ts'
import { RolloutError, type RolloutRequest, rolloutOf, type Standing } from './request.ts'
import type { Rollout, RolloutStage, Strategy } from './rollout.ts'
import type { Rollouts } from './rollouts.ts'

export interface RolloutControlDeps {
  readonly ledger: Ledger
  readonly rollouts: Rollouts
  readonly standing: () => Pick<Standing, 'services' | 'leadTicksOf' | 'nowMs'>
}

const NEXT: Record<Exclude<RolloutStage, 'ended'>, RolloutStage> = {
  shadow: 'canary',
  canary: 'full',
  full: 'ended',
}
/** Rollouts that are looked through for the newest that can be taken back. */
const MOST_LOOKED_THROUGH = 100

export function createRolloutControl(deps: RolloutControlDeps): RolloutControl {
  const { ledger, rollouts } = deps
  const { move, view } = rollouts
  const open = async (number: number): Promise<Rollout | undefined> => {
    const found = await ledger.rollout(number)
    if (found?.stage === 'ended')
      throw new Conflict(`rollout ${number} has ended: it was ${found.outcome}`)
    return found
  }
  const inWords = (what: string, why: string) => (why === '' ? what : `${what}: ${why}`)
  return {
    async start(request, actor) {
      const { standing } = deps
      const added = rolloutOf(request, actor, {
        ...standing(),
        strategyOf: rollouts.strategies.inForce,
        tick: rollouts.lastTick(),
      })
      await knownVersions(deps, request)
      const taken = rollouts
        .running()
        .find(({ services }) => services.some((name) => added.services.includes(name)))
      if (taken) {
        const { number, services } = taken
        const shared = services.filter((name) => added.services.includes(name))
        throw new Conflict(
          `rollout ${number} runs on ${shared.slice(0, 5).join(', ')}; stop it first, or leave them out`,
        )
      }
      return view(await rollouts.begin(added))
    },
    async read(number) {
      const found = await ledger.rollout(number)
      return found && view(found)
    },
    running: () => rollouts.running().map(view),
    async advance(number, actor, why) {
      const rollout = await open(number)
      if (!rollout) return undefined
      if (rollout.kind === 'comparison')
        throw new Conflict(`rollout ${number} is a comparison: nothing follows from it`)
      const stage = NEXT[rollout.stage as Exclude<RolloutStage, 'ended'>]
      const outcome = stage === 'ended' ? 'promoted' : null
      return view(
        await move(rollout, plain(rollout, { stage, outcome }, inWords('asked for', why)), actor),
      )
    },
    async stop(number, actor, why) {
      const rollout = await open(number)
      if (!rollout) return undefined
      const to = { stage: 'ended', outcome: 'stopped' } as const
      return view(await move(rollout, plain(rollout, to, inWords('asked for', why)), actor))
    },
    async rollback(number, actor, why) {
      const rollout =
        number === undefined ? await newestToTakeBack(ledger) : await ledger.rollout(number)
      if (!rollout) return undefined
      if (rollout.stage === 'ended' && rollout.outcome !== 'promoted')
        throw new Conflict(`rollout ${rollout.number} was ${rollout.outcome}: nothing of it acts`)
      const to = { stage: 'ended', outcome: 'rolled-back' } as const
      return view(await move(rollout, plain(rollout, to, inWords('taken back', why)), actor))
    },
    async addPolicy(document, actor, why) {
      const { nowMs } = deps.standing()
      const arrival = { source: 'import', addedAtMs: nowMs, addedBy: actor, why } as const
      return ledger.savePolicy(policyRow(document, arrival), document)
    },
    async learnPolicy(number, actor, why) {
      const rollout = await ledger.rollout(number)
      if (!rollout) return undefined
      const { transitions, document, why: found } = await learnPolicy(ledger, rollout)
      const { nowMs } = deps.standing()
      const arrival = { source: 'learned', addedAtMs: nowMs, addedBy: actor, why } as const
      const policy = document
        ? await ledger.savePolicy(policyRow(document, arrival), document)
        : null
      return { transitions, policy, why: found }
    },
  }

  function plain(rollout: Rollout, to: Pick<Move, 'stage' | 'outcome'>, why: string): Move {
    return { ...to, why, findings: view(rollout).findings }
  }
}

async function knownVersions(
  { ledger }: RolloutControlDeps,
  { candidate, champion }: RolloutRequest,
): Promise<void> {
  const asked: [string, Strategy][] = [
    ['candidate', candidate],
    ...(champion ? [['champion', champion] as [string, Strategy]] : []),
  ]
  for (const [field, { version }] of asked) {
    if (version === null || (await ledger.policy(version))) continue
    const { items } = await ledger.policies({ limit: 20 })
    const allowed = items.map((row) => row.version).join(' | ')
    throw new RolloutError(
      `${field}.version`,
      version,
      allowed === '' ? 'one in the registry, which holds none: import one first' : allowed,
    )
  }
}

async function newestToTakeBack(ledger: Ledger): Promise<Rollout> {
  const { items } = await ledger.rollouts({ limit: MOST_LOOKED_THROUGH })
  const newest = items.find(({ stage, outcome }) => stage !== 'ended' || outcome === 'promoted')
  if (newest) return newest
  throw new Conflict('no rollout runs or was promoted: there is nothing to take back')
}
