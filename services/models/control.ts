/** What people ask of the models of a service: compare, promote, roll back, retrain, export, import. */
import type { ForecasterState } from '../../forecaster/forecaster.ts'
import { LOAD_METRIC, type ServiceId } from '../../forecaster/series.ts'
import { Conflict } from '../control-plane.ts'
import type { Artifact, NewModel } from '../ledger/models-ledger.ts'
import { ArtifactError } from './artifact.ts'
import { compareModels, keptState, type ModelComparison } from './compare.ts'
import { installChallenger, installChampion } from './install.ts'
import type { Lifecycle, LifecycleDeps } from './lifecycle.ts'
import { type ModelFile, readModelFile, writeModelFile } from './model-file.ts'
import type { ModelVersion } from './model-version.ts'
import { type Cause, NOBODY } from './registry.ts'
import { mostStepsBehind, stepsBehind } from './restore.ts'

/** All throw Conflict when a request cannot be met as things stand; undefined: there is no such version. */
export interface ModelControl {
  compare(service: ServiceId, a: number, b: number): Promise<ModelComparison | undefined>
  /** The challenger becomes champion now. */
  promote(
    service: ServiceId,
    number: number,
    actor: string,
    why: string,
  ): Promise<ModelVersion | undefined>
  /** `number` undefined: the champion before this one. Answers the new version that goes on from the old one's state. */
  rollback(
    service: ServiceId,
    number: number | undefined,
    actor: string,
    why: string,
  ): Promise<ModelVersion | undefined>
  /** A fit is begun at the next tick; its result stands up to the champion like any other. */
  retrain(service: ServiceId, actor: string, why: string): void
  exportModel(service: ServiceId, number: number): Promise<ModelFile | undefined>
  /** Throws ArtifactError when the file is not one of this service, grid, or version of the form. */
  importModel(
    service: ServiceId,
    file: ModelFile,
    actor: string,
    why: string,
  ): Promise<ModelVersion>
}

export function createModelControl(deps: LifecycleDeps, lifecycle: Lifecycle): ModelControl {
  const { ledger, book, nowMs } = deps
  const find = (service: ServiceId, number: number) =>
    ledger.model({ service, metric: LOAD_METRIC, number })
  return {
    async compare(service, a, b) {
      const [first, second] = await Promise.all([find(service, a), find(service, b)])
      return first && second && compareModels(deps, first, second)
    },
    async promote(service, number, actor, why) {
      const version = await find(service, number)
      if (!version) return undefined
      const challenger = book().entries.get(service)?.contenders.challenger
      if (challenger?.version.number !== number)
        throw new Conflict(
          `version ${number} of ${service} is ${version.status === 'challenger' ? 'not at work yet' : version.status}; only the challenger can be promoted, an earlier version is taken back by rollback`,
        )
      return lifecycle.promote(service, challenger, { by: actor, why, atMs: nowMs() })
    },
    async rollback(service, number, actor, why) {
      const target =
        number === undefined ? await championBefore(deps, service) : await find(service, number)
      if (!target) return undefined
      return lifecycle.inLine(() => rollBack(deps, target, { by: actor, why, atMs: nowMs() }))
    },
    retrain(service, actor, why) {
      const entry = book().entries.get(service)
      if (entry) entry.contenders.retrain = { actor, why }
    },
    async exportModel(service, number) {
      const version = await find(service, number)
      if (!version) return undefined
      const artifact = await ledger.artifact(version)
      if (!artifact)
        throw new Conflict(`the state of version ${number} of ${service} is no longer kept`)
      return writeModelFile(version, artifact, nowMs())
    },
    async importModel(service, file, actor, why) {
      const read = checkedFile(deps, service, file)
      return lifecycle.inLine(() =>
        takeIn(deps, service, { ...read, file }, { by: actor, why, atMs: nowMs() }),
      )
    },
  }
}

async function championBefore(
  { ledger }: LifecycleDeps,
  service: ServiceId,
): Promise<ModelVersion> {
  const { items } = await ledger.models({
    service,
    metric: LOAD_METRIC,
    status: 'retired',
    limit: 100,
  })
  const before = items
    .filter((row) => row.promotedAtMs !== null && row.hasArtifact)
    .sort((a, b) => b.retiredAtMs! - a.retiredAtMs! || b.number - a.number)[0]
  if (before) return before
  throw new Conflict(`no champion of ${service} before this one has its state kept`)
}

async function rollBack(
  deps: LifecycleDeps,
  target: ModelVersion,
  cause: Cause,
): Promise<ModelVersion> {
  const { service, number } = target
  if (target.status !== 'retired')
    throw new Conflict(
      `version ${number} of ${service} is ${target.status}; only a retired one is rolled back to`,
    )
  const { state } = await keptState(deps, target)
  const artifact = (await deps.ledger.artifact(target))!
  const detail = `back to version ${number}`
  const row: NewModel = { ...bare(target), reason: 'rollback', detail }
  const goneWhy = cause.why === '' ? `rolled ${detail}` : `rolled ${detail}: ${cause.why}`
  const entry = deps.book().entries.get(service)!
  return installChampion(deps, entry, { row, state, artifact }, cause, goneWhy)
}

function bare(row: NewModel & Partial<ModelVersion>): NewModel {
  const { number: _, hasArtifact: __, ...rest } = row
  return rest
}

function checkedFile(deps: LifecycleDeps, service: ServiceId, file: ModelFile) {
  const { model, state } = file
  const { stepMs } = deps.config()
  if (model.service !== service) throw new ArtifactError('model.service', model.service, service)
  if (model.metric !== LOAD_METRIC)
    throw new ArtifactError('model.metric', model.metric, LOAD_METRIC)
  if (model.stepMs !== stepMs) throw new ArtifactError('model.stepMs', model.stepMs, String(stepMs))
  const behind = stepsBehind(deps, state.standsAtMs)
  const most = mostStepsBehind(deps)
  if (!(behind >= 0 && behind <= most) || state.standsAtMs % stepMs !== 0) {
    const newest = deps.book().readToMs()
    const allowed = `a multiple of ${stepMs} from ${newest - most * stepMs} to ${newest}`
    throw new ArtifactError('state.standsAtMs', state.standsAtMs, allowed)
  }
  return readModelFile(file)
}

interface Incoming {
  readonly file: ModelFile
  readonly artifact: Artifact
  readonly forecaster: ForecasterState
}

/** The champion where there is none; else it stands up to the one that is there. */
async function takeIn(
  deps: LifecycleDeps,
  service: ServiceId,
  { file, artifact, forecaster }: Incoming,
  cause: Cause,
): Promise<ModelVersion> {
  const detail = `version ${file.model.number} of another registry, exported ${new Date(file.exportedAtMs).toISOString()}`
  const row: NewModel = { ...bare(file.model), ...NOBODY, reason: 'import', detail }
  const entry = deps.book().entries.get(service)!
  const candidate = { row: { ...row, status: 'challenger' as const }, state: forecaster, artifact }
  if (!entry.contenders.champion)
    return installChampion(deps, entry, candidate, cause, 'a file took its place')
  const model = await installChallenger(deps, entry, candidate, cause, 'superseded: import')
  if (model) return model
  throw new Conflict(`the champion of ${service} was given up meanwhile; import it again`)
}
