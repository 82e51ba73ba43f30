/** The registry of models in the simulated ledger: versions by number, fitted states of those that stand. */
import type { Ledger } from '../../services/ledger/ledger.ts'
import type { Artifact, ModelKey, Standing } from '../../services/ledger/models-ledger.ts'
import type { ModelVersion } from '../../services/models/model-version.ts'
import type { Tables } from './ledger-tables.ts'

const textOf = ({ service, metric, number }: ModelKey) => `${service} ${metric} ${number}`

export function modelTables(book: { tables: Tables }) {
  const indexOf = (key: ModelKey): number => {
    const at = book.tables.models.findIndex((row) => textOf(row) === textOf(key))
    if (at < 0) throw new Error(`there is no version ${key.number} of ${key.service}`)
    return at
  }
  const read = (row: ModelVersion): ModelVersion => ({
    ...row,
    hasArtifact: book.tables.artifacts.has(textOf(row)),
  })
  const keep = (key: ModelKey, artifact: Artifact | undefined): void => {
    if (artifact) book.tables.artifacts.set(textOf(key), artifact)
  }
  function stand(change: Standing): ModelVersion {
    const at = indexOf(change)
    const { status, atMs, by, why } = change
    const row = book.tables.models[at]!
    const next: ModelVersion =
      status === 'champion'
        ? { ...row, status, promotedAtMs: atMs, promotedBy: by, promotedWhy: why }
        : { ...row, status, retiredAtMs: atMs, retiredBy: by, retiredWhy: why }
    book.tables.models[at] = next
    keep(change, change.artifact)
    return next
  }
  /** Of retired versions only the newest is kept here: nothing rolls back in a simulation. */
  function dropOld({ service, number }: ModelVersion): void {
    const { tables } = book
    tables.models = tables.models.filter(
      (row) => row.service !== service || row.status !== 'retired' || row.number >= number - 1,
    )
    const kept = new Set(tables.models.map(textOf))
    for (const key of tables.artifacts.keys()) if (!kept.has(key)) tables.artifacts.delete(key)
  }
  return {
    async saveModel(added, artifact, { standings = [], refreshed = [] }) {
      const { models } = book.tables
      const last = models.findLast(
        (row) => row.service === added.service && row.metric === added.metric,
      )
      const row = { ...added, number: (last?.number ?? 0) + 1, hasArtifact: true }
      models.push(row)
      keep(row, artifact)
      standings.map(stand)
      for (const one of refreshed) keep(one.key, one.artifact)
      dropOld(row)
      return read(row)
    },
    async changeStandings(changes) {
      changes.map(indexOf)
      return changes.map(stand).map(read)
    },
    async model(key) {
      const row = book.tables.models.find((one) => textOf(one) === textOf(key))
      return row && read(row)
    },
    async models({ service, metric, status, limit }) {
      const found = book.tables.models.filter(
        (row) =>
          (service === undefined || row.service === service) &&
          (metric === undefined || row.metric === metric) &&
          (status === undefined || row.status === status),
      )
      return { items: found.slice(-limit).reverse().map(read), next: undefined }
    },
    standingModels: async () =>
      book.tables.models.filter(({ status }) => status !== 'retired').map(read),
    artifact: async (key) => book.tables.artifacts.get(textOf(key)),
  } satisfies Partial<Ledger>
}
