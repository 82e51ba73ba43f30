/**
 * Makes a recording of whole days out of a state folder's samples: `npm run record -- --state DIR --days 3 --out FILE`.
 * The days are the newest whole ones since the demo's epoch.
 */
import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { writeRecording } from '../../datasets/recording.ts'
import { configHash, loadConfigFile } from '../config-file.ts'
import { readEpochMs } from '../load/epoch.ts'
import { openStore } from '../stores/registry.ts'

const METRICS = [
  'requests_per_second',
  'latency_p95_seconds',
  'violation_ratio',
  'cpu_cores',
  'ready_replicas',
]

interface Options {
  readonly config: string
  readonly state: string
  readonly days: number
  readonly out: string
}

const {
  config: configFile,
  state,
  days,
  out,
} = new Command('record')
  .requiredOption('--config <file>', 'configuration that the shop ran with')
  .requiredOption('--state <dir>', 'its state folder')
  .option('--days <n>', 'whole compressed days', Number, 3)
  .requiredOption('--out <file>', 'recording to write')
  .parse()
  .opts<Options>()

const config = loadConfigFile(configFile, {})
const shop = config.shop
if (!shop) throw new Error(`${configFile}: shop is missing: there is nothing to record`)
const { stepMs } = config
const epochMs = readEpochMs(state)
const store = await openStore(config, state)
const newestMs = Math.max(
  ...[...(await store.latest('requests_per_second', Date.now())).values()].map((s) => s.atMs),
)
const wholeDays = Math.floor((newestMs - epochMs) / shop.dayMs)
if (wholeDays < days)
  throw new Error(`--days ${days}: the store holds ${wholeDays} whole days since the demo began`)
const fromMs = epochMs + (wholeDays - days) * shop.dayMs
const services = Object.keys(shop.services)
const values: Float64Array[] = []
for (const service of services) {
  for (const metric of METRICS) {
    const toMs = fromMs + days * shop.dayMs
    values.push(
      await store.grid({ metric, services: [service], fromMs: fromMs + 1, toMs: toMs + 1, stepMs }),
    )
  }
}
await store.close()
const header = {
  source: `recorded demo load: the shop of this repository under its own load generator, config ${configHash(config).slice(0, 12)}`,
  recordedAt: new Date(epochMs + wholeDays * shop.dayMs).toISOString(),
  workload: shop.workload,
  dayMs: shop.dayMs,
  stepMs,
  days,
}
await writeFile(out, writeRecording({ header, services, metrics: METRICS, values }))
process.stderr.write(`${out}: ${days} days of ${services.join(', ')}\n`)
