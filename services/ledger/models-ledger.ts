/** What the ledger keeps of models: the registry of their versions, and fitted states of the newest ones. */
import type { ServiceId } from '../../forecaster/series.ts'
import type { ModelStatus, ModelVersion } from '../models/model-version.ts'
import type { Page } from './ledger.ts'

export interface ModelKey {
  readonly service: ServiceId
  readonly metric: string
  readonly number: number
}

/** A fitted state that stands at the end of the step before `standsAtMs`, as services/models/artifact.ts packs it. */
export interface Artifact {
  readonly standsAtMs: number
  readonly formatVersion: number
  /** SHA-256 of the packed bytes. */
  readonly sha256: string
  readonly packed: Uint8Array
}

/** A change of standing, with who and why; with a state as it stands by now, if that is known. */
export interface Standing extends ModelKey {
  readonly status: Exclude<ModelStatus, 'challenger'>
  readonly atMs: number
  readonly by: string
  readonly why: string
  readonly artifact?: Artifact | undefined
}

export interface ModelQuery {
  readonly service?: ServiceId | undefined
  readonly metric?: string | undefined
  readonly status?: ModelStatus | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

/** Numbers are given by the ledger. */
export type NewModel = Omit<ModelVersion, 'number' | 'hasArtifact'>

/** What a new version changes for others of its series. */
export interface Consequences {
  readonly standings?: readonly Standing[]
  /** Newer states of versions that stay what they are: catching up after a restart begins there. */
  readonly refreshed?: readonly { readonly key: ModelKey; readonly artifact: Artifact }[]
}

export interface ModelsLedger {
  /**
   * A new version with its state and its consequences, in one transaction. Then only the `keepArtifacts` newest states of
   * the series are kept, and those of champion and challenger.
   */
  saveModel(
    model: NewModel,
    artifact: Artifact,
    consequences: Consequences,
    keepArtifacts: number,
  ): Promise<ModelVersion>
  /** In one transaction; answers the versions as they are then, in the same order. Unknown ones are an error. */
  changeStandings(changes: readonly Standing[]): Promise<readonly ModelVersion[]>
  model(key: ModelKey): Promise<ModelVersion | undefined>
  /** Newest first. */
  models(query: ModelQuery): Promise<Page<ModelVersion>>
  /** Champions and challengers of all series. */
  standingModels(): Promise<readonly ModelVersion[]>
  artifact(key: ModelKey): Promise<Artifact | undefined>
}
