/** Sample store and ledger in memory for tests of the HTTP surface: they hold one tick, the documented one. */

import { createMemoryLeaseStore } from '../leader/test-lease-store.ts'
import type { Ledger, Setting, TickRecord } from '../ledger/ledger.ts'
import { createMemoryShareStore } from '../shards/test-share-store.ts'
import type { Sample, SampleStore } from '../stores/sample-store.ts'
import * as examples from './examples.ts'
import { createTestAccess } from './test-access.ts'
import { createTestAlerts } from './test-alerts.ts'
import { createTestModels } from './test-models.ts'
import { createTestRollouts } from './test-rollouts.ts'

export function createTestStore(): SampleStore {
  const samples: Sample[] = []
  const of = (service: string, metric: string) =>
    samples.filter((sample) => sample.service === service && sample.metric === metric)
  return {
    async append(batch) {
      const good = batch.filter(({ value }) => value >= 0)
      samples.push(...good)
      const negative = batch.length - good.length
      return { accepted: good.length, rejected: negative > 0 ? { negative } : {} }
    },
    async grid({ metric, services, fromMs, toMs, stepMs }) {
      const steps = (toMs - fromMs) / stepMs
      const out = new Float64Array(services.length * steps).fill(Number.NaN)
      services.forEach((service, row) => {
        for (const { atMs, value } of of(service, metric)) {
          const step = Math.floor((atMs - fromMs) / stepMs)
          if (step >= 0 && step < steps) out[row * steps + step] = value
        }
      })
      return out
    },
    async latest(metric, atMs) {
      const known = samples.filter((sample) => sample.metric === metric && sample.atMs <= atMs)
      return new Map(known.map(({ service, ...rest }) => [service, rest]))
    },
    inventory: async () => [],
    prune: async () => 0,
    close: async () => {},
  }
}

export function createTestLedger(): Ledger {
  const record: TickRecord = { ...examples.tickRow, inputs: new Uint8Array() }
  const settings: Setting[] = []
  const decisions = [examples.storedDecision]
  return {
    ...createTestAccess(),
    ...createTestAlerts(),
    ...createTestModels(),
    ...createTestRollouts(),
    epoch: examples.tickRow.epoch,
    lease: createMemoryLeaseStore(),
    shares: createMemoryShareStore(),
    fence: () => {},
    openTick: async () => {},
    settle: async () => {},
    size: async () => ({ bytes: 0 }),
    lastTick: async () => record,
    tick: async (tick) => (tick === record.tick ? record : undefined),
    ticks: async () => ({ items: [record], next: undefined }),
    decision: async (id) => decisions.find((row) => row.id === id),
    decisions: async ({ service }) => ({
      items: decisions.filter((row) => service === undefined || row.service === service),
      next: undefined,
    }),
    decisionsOfTick: async () => decisions,
    pendingDecisions: async () => [],
    forecast: async (service, metric, atMs) =>
      service === 'search' && metric === examples.forecast.metric && atMs >= examples.tick.atMs
        ? examples.forecast
        : undefined,
    saveOutcomes: async () => {},
    outcomes: async () => [examples.outcome],
    checkpoint: async () => {},
    restore: async () => undefined,
    putSetting: async (setting) => void settings.push(setting),
    settings: async () => settings,
    settingHistory: async (key) => settings.filter((setting) => setting.key === key),
    prune: async () => {},
    close: async () => {},
  }
}
