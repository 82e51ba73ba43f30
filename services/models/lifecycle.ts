/**
 * The life of models: a fit becomes champion when there is none (or the one there is learned from less than a contest
 * lasts), else challenger; a contest that is over promotes or retires it; after a restart the states of the last run are
 * taken up and brought up to date. What is written comes first, what forecasts changes in one turn between two ticks, so
 * serving never waits for a fit.
 */
import type { ForecastConfig } from '../../forecaster/config.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Entry } from '../loops/entry.ts'
import type { LoadBook } from '../loops/load-book.ts'
import { packState } from './artifact.ts'
import {
  type Challenger,
  type Contenders,
  longestContestSteps,
  noContenders,
} from './contenders.ts'
import { installChallenger, installChampion } from './install.ts'
import { AUTOMATIC, type ModelChange, type ModelVersion } from './model-version.ts'
import { type Cause, type Fitted, rowOf, standing } from './registry.ts'
import { createRestorer } from './restore.ts'
import { verdictWords } from './words.ts'

export interface LifecycleDeps {
  readonly ledger: Ledger
  /** As they are now: both change when the configuration is read again. */
  readonly book: () => LoadBook
  readonly config: () => { readonly forecast: ForecastConfig; readonly stepMs: number }
  readonly nowMs: () => number
  readonly emit: (change: ModelChange) => void
  /** Told of what a service's models could not go on with. */
  readonly onError: (service: ServiceId, error: unknown, what: string) => void
}

export interface Lifecycle {
  /** Takes up the models of the last run; once. */
  restore(): Promise<void>
  /** True while a service's model of the last run is still to be taken up: then it is not fitted anew. */
  restoring(service: ServiceId): boolean
  /** Takes over a fit. */
  enrol(service: ServiceId, fitted: Fitted): Promise<void>
  /** Contests that are over: promotes, or retires. */
  settle(): Promise<void>
  /** Makes the challenger champion now. */
  promote(service: ServiceId, challenger: Challenger, cause: Cause): Promise<ModelVersion>
  /** Runs `work` when nothing else changes the models. */
  inLine<T>(work: () => Promise<T>): Promise<T>
}

export function createLifecycle(deps: LifecycleDeps): Lifecycle {
  const { ledger, book, emit, nowMs } = deps
  let queue: Promise<unknown> = Promise.resolve()
  const inLine = <T>(work: () => Promise<T>): Promise<T> => {
    const next = queue.then(work, work)
    queue = next.catch(() => undefined)
    return next
  }
  const restorer = createRestorer(deps, inLine)
  let restored: Promise<void> | undefined

  async function promote(service: ServiceId, challenger: Challenger, cause: Cause) {
    const entry = book().entries.get(service)!
    const { champion } = entry.contenders
    const standsAtMs = book().readToMs()
    const why = `version ${challenger.version.number} took its place`
    const changed = await ledger.changeStandings([
      standing(challenger, 'champion', cause, standsAtMs),
      ...(champion ? [standing(champion, 'retired', { ...cause, why }, standsAtMs)] : []),
    ])
    const [promoted, retired] = changed
    // from here on it forecasts; what was watched of the one before is forgotten
    const { retrain, lastFit } = entry.contenders
    const now = { version: promoted!, state: challenger.state, sinceMs: cause.atMs }
    entry.contenders = { ...noContenders(), champion: now, retrain, lastFit }
    emit({ event: 'promoted', model: promoted! })
    if (retired) emit({ event: 'retired', model: retired })
    return promoted!
  }

  async function retireLoser(entry: Entry, challenger: Challenger, cause: Cause) {
    const change = standing(challenger, 'retired', cause, book().readToMs())
    const [model] = await ledger.changeStandings([change])
    entry.contenders.challenger = undefined
    emit({ event: 'retired', model: model! })
  }

  async function settleOne(entry: Entry): Promise<void> {
    const { challenger } = entry.contenders
    const verdict = challenger?.verdict
    if (!challenger || !verdict || challenger.version.number === 0) return
    const cause = { by: AUTOMATIC, why: verdictWords(verdict), atMs: nowMs() }
    if (verdict.outcome === 'promote') await promote(entry.service, challenger, cause)
    else await retireLoser(entry, challenger, cause)
  }

  return {
    inLine,
    restoring: restorer.restoring,
    restore() {
      restored ??= restorer.run().catch((error) => {
        restored = undefined
        throw error
      })
      return restored
    },
    enrol: (service, fitted) => inLine(() => enrolOne(deps, service, fitted)),
    async settle() {
      const over = [...book().entries.values()].filter((e) => e.contenders.challenger?.verdict)
      if (over.length === 0) return
      await inLine(async () => {
        for (const entry of over) await settleOne(entry)
      })
    },
    promote: (service, challenger, cause) => inLine(() => promote(service, challenger, cause)),
  }
}

async function enrolOne(deps: LifecycleDeps, service: ServiceId, fitted: Fitted): Promise<void> {
  const entry = deps.book().entries.get(service)
  if (!entry || fitted.stepMs !== deps.config().stepMs) return
  const { contenders } = entry
  const { report, toMs, due, nowMs } = fitted
  const artifact = packState(report.state, toMs)
  const candidate = { row: rowOf(service, fitted), state: report.state, artifact }
  const cause = { by: AUTOMATIC, why: due.reason, atMs: nowMs }
  if (takesOver(contenders, fitted)) {
    const why = contenders.champion ? `without a contest: ${due.reason}` : 'no model was at work'
    const goneWhy = `a new fit took its place: ${due.reason}`
    await installChampion(deps, entry, candidate, { ...cause, why }, goneWhy)
  } else await installChallenger(deps, entry, candidate, cause, `superseded: ${due.reason}`)
}

/** Without a contest: nothing to lose, what it would be compared with cannot look as far, or hardly knows anything. */
function takesOver({ champion }: Contenders, { due, config, stepMs }: Fitted): boolean {
  if (!champion || due.reason === 'config') return true
  const { fromMs, toMs } = champion.version
  return toMs - fromMs < longestContestSteps(config) * stepMs
}
