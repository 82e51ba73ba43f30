/** The registry of models in memory for tests of the HTTP surface: two versions, the documented ones. */
import { Conflict } from '../control-plane.ts'
import type { ModelsLedger } from '../ledger/models-ledger.ts'
import { ArtifactError } from '../models/artifact.ts'
import type { ModelControl } from '../models/control.ts'
import * as examples from './examples-models.ts'

const versions = [examples.challenger, examples.champion]

export function createTestModels(): ModelsLedger {
  return {
    saveModel: async (model) => ({ ...model, number: 3, hasArtifact: true }),
    changeStandings: async () => [],
    model: async ({ service, number }) =>
      versions.find((row) => row.service === service && row.number === number),
    models: async ({ service, status, limit }) => {
      const items = versions
        .filter((row) => service === undefined || row.service === service)
        .filter((row) => status === undefined || row.status === status)
      return { items: items.slice(0, limit), next: items.length > limit ? '41' : undefined }
    },
    standingModels: async () => versions,
    artifact: async () => undefined,
  }
}

export interface TestModels {
  readonly control: ModelControl
  /** What was asked for, in words. */
  readonly asked: string[]
}

export function createTestModelControl(): TestModels {
  const asked: string[] = []
  const of = (service: string) => service === examples.champion.service
  return {
    asked,
    control: {
      compare: async (service, a, b) =>
        of(service) && Math.max(a, b) <= 2 ? examples.comparison : undefined,
      async promote(service, number, actor, why) {
        if (!of(service) || number > 2) return undefined
        if (number === 1) throw new Conflict('version 1 of search is champion')
        asked.push(`promote ${service} ${number} ${actor} ${why}`)
        return examples.promoted
      },
      async rollback(service, number, actor, why) {
        if (!of(service) || (number ?? 1) > 2) return undefined
        asked.push(`rollback ${service} ${number} ${actor} ${why}`)
        return examples.rolledBack
      },
      retrain: (service, actor, why) => void asked.push(`retrain ${service} ${actor} ${why}`),
      async exportModel(service, number) {
        if (number === 2) throw new Conflict('the state of version 2 of search is no longer kept')
        return of(service) && number === 1 ? examples.file : undefined
      },
      async importModel(service, file) {
        if (file.model.service !== service)
          throw new ArtifactError('model.service', file.model.service, service)
        asked.push(`import ${service}`)
        return { ...examples.challenger, number: 3, reason: 'import' }
      },
    },
  }
}
