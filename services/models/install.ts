/**
 * A state is brought up to where the loads stand and put to work, as champion or as challenger. What is written comes
 * first, what forecasts changes in one turn between two ticks.
 */
import type { ForecasterState } from '../../forecaster/forecaster.ts'
import { LOAD_METRIC, type ServiceId } from '../../forecaster/series.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Artifact, NewModel } from '../ledger/models-ledger.ts'
import type { Entry } from '../loops/entry.ts'
import { packState } from './artifact.ts'
import { type Challenger, challengerOf, lastOf, noContenders, step } from './contenders.ts'
import type { LifecycleDeps } from './lifecycle.ts'
import type { ModelVersion } from './model-version.ts'
import { type Cause, promotedBy, retireAll, standing } from './registry.ts'

export interface Candidate {
  readonly row: NewModel
  readonly state: ForecasterState
  /** The state as it is kept. */
  readonly artifact: Artifact
}

/** What the ledger holds for champion and challenger of a service. */
export async function standingOf(ledger: Ledger, service: ServiceId): Promise<ModelVersion[]> {
  const found = await Promise.all(
    (['champion', 'challenger'] as const).map((status) =>
      ledger.models({ service, metric: LOAD_METRIC, status, limit: 10 }),
    ),
  )
  return found.flatMap(({ items }) => items)
}

/** Whatever stood before retires for the reason `goneWhy`. */
export async function installChampion(
  { ledger, book, config, emit }: LifecycleDeps,
  entry: Entry,
  { row, state: kept, artifact }: Candidate,
  cause: Cause,
  goneWhy: string,
): Promise<ModelVersion> {
  const { service } = row
  const recorded = await standingOf(ledger, service)
  const gone = { ...cause, why: goneWhy }
  const parent = recorded.find(({ status }) => status === 'champion')?.number ?? null
  const model = await ledger.saveModel(
    { ...row, parent, contestFromMs: null, ...promotedBy(cause) },
    artifact,
    { standings: retireAll(entry.contenders, recorded, gone, book().readToMs()) },
    config().forecast.lifecycle.keepArtifacts,
  )
  const following = book().following(service)
  let state = kept
  await book().replay(
    service,
    artifact.standsAtMs,
    (load, endMs) => {
      state = step(state, load, endMs, following)
    },
    (now) => {
      const { retrain } = now.contenders
      const champion = { version: model, state, sinceMs: cause.atMs }
      now.contenders = { ...noContenders(), champion, retrain, lastFit: lastOf(model) }
    },
  )
  emit({ event: 'promoted', model })
  return model
}

/** Undefined when the champion was given up meanwhile. A challenger that was there retires for `supersededWhy`. */
export async function installChallenger(
  { ledger, book, config, emit }: LifecycleDeps,
  entry: Entry,
  { row, state: kept, artifact }: Candidate,
  cause: Cause,
  supersededWhy: string,
): Promise<ModelVersion | undefined> {
  const { service } = row
  const { champion, challenger: before } = entry.contenders
  // its number comes with its row; until then it is followed, and not judged
  const placeholder = { ...row, number: 0, hasArtifact: true }
  const following = book().following(service)
  let state = kept
  let rival: Challenger | undefined
  let refreshed = artifact
  await book().replay(
    service,
    artifact.standsAtMs,
    (load, endMs) => {
      state = step(state, load, endMs, following)
    },
    ({ contenders }) => {
      if (!champion || contenders.champion !== champion) return
      refreshed = packState(champion.state, book().readToMs())
      rival = challengerOf(placeholder, state, champion.state, config().forecast)
      contenders.challenger = rival
      contenders.lastFit = lastOf(placeholder)
      contenders.changepoint = undefined
    },
  )
  if (!rival || !champion) return undefined
  const superseded = { ...cause, why: supersededWhy }
  const { number: parent, metric } = champion.version
  try {
    rival.version = await ledger.saveModel(
      { ...row, parent, contestFromMs: refreshed.standsAtMs },
      artifact,
      {
        standings: before ? [standing(before, 'retired', superseded, refreshed.standsAtMs)] : [],
        refreshed: [{ key: { service, metric, number: parent }, artifact: refreshed }],
      },
      config().forecast.lifecycle.keepArtifacts,
    )
  } catch (error) {
    if (entry.contenders.challenger === rival) entry.contenders.challenger = before
    throw error
  }
  emit({ event: 'fitted', model: rival.version })
  return rival.version
}
