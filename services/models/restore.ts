/**
 * Models of the last run are taken up: each champion's state, brought up to date by following the loads since, and its
 * challenger's with the contest between them fought again over the same loads, which ends as it would have ended. A state
 * that cannot be read or is too far behind is left; its service is fitted anew.
 */
import type { ForecasterState } from '../../forecaster/forecaster.ts'
import { LOAD_METRIC, type ServiceId } from '../../forecaster/series.ts'
import { unpackState } from './artifact.ts'
import {
  type Contenders,
  challengerOf,
  followLoad,
  lastOf,
  noContenders,
  step,
} from './contenders.ts'
import type { Lifecycle, LifecycleDeps } from './lifecycle.ts'
import type { ModelVersion } from './model-version.ts'

export interface Restorer {
  run(): Promise<void>
  restoring(service: ServiceId): boolean
}

interface Stored {
  readonly version: ModelVersion
  readonly standsAtMs: number
  state: ForecasterState
}

/** `inLine`: nothing else changes models meanwhile; one service at a time, so that others have their turns in between. */
export function createRestorer(deps: LifecycleDeps, inLine: Lifecycle['inLine']): Restorer {
  let waiting: Set<ServiceId> | undefined
  return {
    restoring: (service) => waiting === undefined || waiting.has(service),
    async run() {
      const standing = await deps.ledger.standingModels()
      const ofLoad = standing.filter(({ metric }) => metric === LOAD_METRIC)
      const byService = Map.groupBy(ofLoad, ({ service }) => service)
      waiting = new Set(byService.keys())
      for (const [service, versions] of byService) {
        try {
          await inLine(() => restoreOne(deps, service, versions))
        } catch (error) {
          deps.onError(service, error, 'the model of the last run is not taken up')
        } finally {
          waiting.delete(service)
        }
      }
    },
  }
}

async function restoreOne(
  deps: LifecycleDeps,
  service: ServiceId,
  versions: readonly ModelVersion[],
): Promise<void> {
  const entry = deps.book().entries.get(service)
  const newest = (status: ModelVersion['status']) =>
    versions.filter((v) => v.status === status).sort((a, b) => b.number - a.number)[0]
  const champion = newest('champion')
  if (!entry || entry.contenders.champion || !champion) return
  const stored = await load(deps, champion)
  if (!stored) return
  const rival = newest('challenger')
  const challenger =
    rival &&
    (await load(deps, rival).catch((error) => {
      deps.onError(service, error, 'the challenger of the last run is not taken up')
      return undefined
    }))
  await takeUp(deps, service, stored, challenger)
}

/** Undefined when it is of another grid or too far behind. Throws ArtifactError. */
async function load(deps: LifecycleDeps, version: ModelVersion): Promise<Stored | undefined> {
  const artifact = await deps.ledger.artifact(version)
  if (!artifact || version.stepMs !== deps.config().stepMs) return undefined
  if (stepsBehind(deps, artifact.standsAtMs) > mostStepsBehind(deps)) return undefined
  return { version, standsAtMs: artifact.standsAtMs, state: unpackState(artifact) }
}

export function stepsBehind({ book, config }: LifecycleDeps, standsAtMs: number): number {
  return Math.round((book().readToMs() - standsAtMs) / config().stepMs)
}

/** A state further behind than fitting looks back on has nothing over a new fit. */
export const mostStepsBehind = ({ config }: LifecycleDeps): number => config().forecast.historySteps

async function takeUp(
  deps: LifecycleDeps,
  service: ServiceId,
  champion: Stored,
  challenger: Stored | undefined,
): Promise<void> {
  const book = deps.book()
  const following = book.following(service)
  const { fittedAtMs, promotedAtMs } = champion.version
  const contenders: Contenders = noContenders()
  const contestFromMs = Math.max(challenger?.version.contestFromMs ?? 0, champion.standsAtMs)
  let begun = false
  const begin = (): void => {
    begun = true
    const sinceMs = promotedAtMs ?? fittedAtMs
    contenders.champion = { version: champion.version, state: champion.state, sinceMs }
    contenders.lastFit = lastOf(challenger?.version ?? champion.version)
    if (!challenger) return
    const { version, state } = challenger
    contenders.challenger = challengerOf(version, state, champion.state, following.config)
  }
  await book.replay(
    service,
    Math.min(champion.standsAtMs, challenger?.standsAtMs ?? champion.standsAtMs),
    (value, endMs) => {
      if (endMs > contestFromMs) {
        if (!begun) begin()
        followLoad(contenders, value, endMs, following)
        return
      }
      for (const one of challenger ? [champion, challenger] : [champion])
        if (endMs > one.standsAtMs) one.state = step(one.state, value, endMs, following)
    },
    (entry) => {
      if (!begun) begin()
      contenders.retrain = entry.contenders.retrain
      entry.contenders = contenders
    },
  )
}
