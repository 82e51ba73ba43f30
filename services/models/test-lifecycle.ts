/** Controllers with models for the tests of their life: started, fed, ticked, and ended after each test. */
import { afterEach } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { toDocument } from '../../forecaster/forecast.ts'
import type { ModelVersion } from './model-version.ts'
import {
  type Bench,
  type BenchOptions,
  removeFolder,
  SEASON_STEPS,
  SERVICE,
  startBench,
} from './test-controller.ts'

export const METRIC = 'requests_per_second'
/** History that is pushed before the first tick: longer than a contest lasts. */
export const HISTORY = 5 * SEASON_STEPS

const benches: Bench[] = []
const folders = new Set<string>()
export async function start(options: BenchOptions = {}): Promise<Bench> {
  const bench = await startBench(options)
  benches.push(bench)
  folders.add(bench.folder)
  return bench
}
export async function stop(bench: Bench): Promise<void> {
  benches.splice(benches.indexOf(bench), 1)
  await bench.close()
}
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
  for (const folder of folders) await removeFolder(folder)
  folders.clear()
})

export function loads(seed = 'models') {
  const random = seededRandom(seed, 1)
  const noise = new Map<number, number>()
  const noiseAt = (k: number): number => {
    for (let i = noise.size; i <= k; i++) noise.set(i, 0.9 + 0.2 * random())
    return noise.get(k)!
  }
  return (k: number) => (60 + 30 * Math.sin((2 * Math.PI * k) / SEASON_STEPS)) * noiseAt(k)
}
export type LoadAt = (k: number) => number

export async function withHistory(bench: Bench, load: LoadAt): Promise<void> {
  await bench.push(Array.from({ length: HISTORY }, (_, k) => [k + 1, load(k + 1)] as const))
}

/** Ticks from `from` to `to`; what was forecast after each, by tick. */
export async function run(
  bench: Bench,
  from: number,
  to: number,
  load: LoadAt,
): Promise<unknown[]> {
  const forecasts: unknown[] = []
  for (let k = from; k <= to; k++) {
    await bench.step(k, load(k))
    const forecast = bench.controller.forecast(SERVICE)
    forecasts.push(forecast && toDocument(forecast))
  }
  return forecasts
}

export const versions = async ({ ledger }: Bench): Promise<readonly ModelVersion[]> =>
  (await ledger.models({ service: SERVICE, limit: 100 })).items
export const versionAtWork = ({ controller }: Bench) => controller.forecast(SERVICE)!.model.version
export const told = ({ events }: Bench) =>
  events.flatMap((event) =>
    event.kind === 'model' ? [`${event.data.event} ${event.data.model.number}`] : [],
  )
