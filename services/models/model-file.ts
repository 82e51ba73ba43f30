/**
 * A model as one file, to be moved between machines: its row of the registry and its state, with checksums over both.
 * Reading checks everything and says which field is wrong, what it holds and what is allowed.
 */
import { z } from 'zod'
import type { ForecasterState } from '../../forecaster/forecaster.ts'
import type { Artifact } from '../ledger/models-ledger.ts'
import { ArtifactError, STATE_FORMAT, sha256, unpackState } from './artifact.ts'
import { ModelVersion } from './model-version.ts'

const FILE_VERSION = 1
const Sum = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hexadecimal')

export const ModelFile = z
  .strictObject({
    format: z.literal('forescale-model'),
    formatVersion: z.literal(FILE_VERSION),
    exportedAtMs: z.number(),
    model: ModelVersion,
    state: z.strictObject({
      standsAtMs: z
        .number()
        .meta({ description: 'End of the last step that the state has followed.' }),
      formatVersion: z.literal(STATE_FORMAT),
      encoding: z.literal('deflate+base64'),
      sha256: Sum.meta({ description: 'Of the bytes that `data` stands for.' }),
      data: z.base64().min(1),
    }),
    sha256: Sum.meta({
      description: 'Of model and state.sha256 together, as the exporter wrote them.',
    }),
  })
  .meta({ id: 'ModelFile', description: 'A version of a model with its fitted state.' })
export type ModelFile = z.infer<typeof ModelFile>

export function writeModelFile(model: ModelVersion, artifact: Artifact, nowMs: number): ModelFile {
  const { standsAtMs, packed } = artifact
  const state = {
    standsAtMs,
    formatVersion: STATE_FORMAT,
    encoding: 'deflate+base64',
    sha256: artifact.sha256,
    data: Buffer.from(packed).toString('base64'),
  } as const
  return {
    format: 'forescale-model',
    formatVersion: FILE_VERSION,
    exportedAtMs: nowMs,
    model,
    state,
    sha256: sumOf(model, state),
  }
}

/** Throws ArtifactError. */
export function readModelFile({ model, state, sha256: given }: ModelFile): {
  artifact: Artifact
  forecaster: ForecasterState
} {
  const sum = sumOf(model, state)
  if (sum !== given) throw new ArtifactError('sha256', given, sum)
  const { standsAtMs, formatVersion, data } = state
  const packed = new Uint8Array(Buffer.from(data, 'base64'))
  const artifact = { standsAtMs, formatVersion, sha256: state.sha256, packed }
  const forecaster = unpackState(artifact)
  const { kind, version } = forecaster.model
  if (version !== model.version) throw new ArtifactError('model.version', model.version, version)
  if (kind !== model.kind) throw new ArtifactError('model.kind', model.kind, kind)
  return { artifact, forecaster }
}

/** Fields in the schema's order, so that equal rows are equal text. */
function sumOf(model: ModelVersion, state: Pick<ModelFile['state'], 'sha256' | 'standsAtMs'>) {
  return sha256(JSON.stringify([ModelVersion.parse(model), state.standsAtMs, state.sha256]))
}
