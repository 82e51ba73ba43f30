/** Rollouts that ended by themselves and changed who acts: people should know, for a while. */
import { AUTOMATIC, type Rollout } from '../rollouts/rollout.ts'
import type { AlertKind, Severity } from './alert.ts'
import type { Standing } from './standing.ts'

const TOLD_FOR_MS = 6 * 60 * 60 * 1000

interface Telling {
  readonly kind: AlertKind
  readonly severity: Severity
  readonly words: string
}
const TOLD: Partial<Record<NonNullable<Rollout['outcome']>, Telling>> = {
  'rolled-back': { kind: 'rollout-rolled-back', severity: 'warning', words: 'was taken back' },
  promoted: { kind: 'rollout-promoted', severity: 'info', words: 'acts from now on' },
}

/** `ended`: the newest ones. */
export function endedRollouts(ended: readonly Rollout[], nowMs: number): Standing[] {
  return ended.flatMap((rollout): Standing[] => {
    const { number, outcome, endedAtMs, services, candidate, changes } = rollout
    const told = outcome === null ? undefined : TOLD[outcome]
    const last = changes.at(-1)!
    if (!told || endedAtMs === null || last.by !== AUTOMATIC) return []
    if (nowMs >= endedAtMs + TOLD_FOR_MS) return []
    const { kind, severity, words } = told
    const what = `${candidate.policy}${candidate.version === null ? '' : ` ${candidate.version}`}`
    return [
      {
        key: `${kind}/${number}`,
        ...{ holds: true, openAfterMs: 0, closeAfterMs: 0 },
        describe: () => ({
          ...{ kind, severity },
          service: services.length === 1 ? services[0]! : null,
          summary: `rollout ${number}: ${what} ${words}: ${last.why}`,
          figures: { rollout: number, services: services.length, tick: last.tick },
        }),
      },
    ]
  })
}
