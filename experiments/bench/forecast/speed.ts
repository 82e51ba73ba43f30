/**
 * Time and memory of our forecaster: automatic fits against statsforecast's on the same values (one thread each, least of
 * several runs), a warm forecast, a fleet refreshed by one step, and what a service takes in memory.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ForecastConfig } from '../../../forecaster/config.ts'
import type { MemberKind } from '../../../forecaster/forecast.ts'
import { toDocument } from '../../../forecaster/forecast.ts'
import {
  advance,
  type ForecasterState,
  fitForecaster,
  forecastAt,
} from '../../../forecaster/forecaster.ts'
import { modelOf } from '../../../forecaster/models/registry.ts'
import { seededRandom } from '../../../forecaster/random.ts'
import { type Figure, leastMs } from '../timing.ts'
import type { Case } from './entrants.ts'
import { runPeerProcesses } from './peer-process.ts'
import { historyAt } from './walk.ts'

const FLEET = 10_000
/** As many services live at once; the fleet is refreshed in rounds of them. */
const LIVE = 1000
const WARM_ROUNDS = 2000
const FIT_STEPS = 2016
const FIT_SERIES = 6
const FIT_RUNS = 3
const SERIES = { service: 'bench', metric: 'requests_per_second' }

/** Of ours, and what it is measured against. */
const AUTOMATIC: readonly { readonly kind: MemberKind; readonly peer: string }[] = [
  { kind: 'ets', peer: 'AutoETS' },
  { kind: 'arima', peer: 'AutoARIMA' },
  { kind: 'ets', peer: 'AutoETS' },
  { kind: 'theta', peer: 'AutoTheta' },
]

interface Service {
  readonly one: Case
  readonly state: ForecasterState
}

/** Our own figures: no peer's process needed. */
export async function serviceFigures(cases: readonly Case[]): Promise<Figure[]> {
  const config = ForecastConfig.parse({ horizonSteps: 60 })
  const fitted = spreadOver(cases, FIT_SERIES).map((one): Service => {
    const history = historyAt(one.trace, one.split.testFrom, config)
    return { one, state: fitForecaster(history, config, 1).state }
  })
  const warm = warmMs(fitted, config)
  const { refreshMs, bytes } = await fleet(fitted, config)
  return [
    bar('forecast.warm.p99', warm, 'ms, one service: step, 60-step forecast, quantiles', 10),
    bar('forecast.fleet.10000.refresh', refreshMs / 1000, 's, step and 60-step forecast', 5),
    bar('forecast.memory.service', bytes, 'bytes of heap and buffers', 1_000_000),
  ]
}

function bar(name: string, value: number, unit: string, limit: number): Figure {
  return { name, value, unit, peer: `bar ${limit}`, ratio: value / limit }
}

function warmMs(fitted: readonly Service[], config: ForecastConfig): number {
  const times: number[] = []
  for (let round = -200; round < WARM_ROUNDS; round++) {
    const { one, state } = fitted[Math.abs(round) % fitted.length]!
    const value = one.trace.values[one.split.testFrom + (Math.abs(round) % 100)]!
    const startedMs = performance.now()
    advance(state, value)
    toDocument(forecastAt(state, 0, { ...SERIES, stepMs: one.trace.stepMs }, config))
    if (round >= 0) times.push(performance.now() - startedMs)
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]!
}

async function fleet(fitted: readonly Service[], config: ForecastConfig) {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const used = async () => {
    // what a collection frees outside the heap is only counted once its finalizers have run
    for (let i = 0; i < 3; i++) {
      collect()
      await setImmediate()
    }
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const before = await used()
  const services = Array.from({ length: LIVE }, (_, i) => {
    const { one, state } = fitted[i % fitted.length]!
    return { one, state: structuredClone(state) }
  })
  const bytes = ((await used()) - before) / LIVE
  const startedMs = performance.now()
  for (let round = 0; round < FLEET / LIVE; round++)
    for (const { one, state } of services) {
      advance(state, one.trace.values[one.split.testFrom + round]!)
      forecastAt(state, 0, { ...SERIES, stepMs: one.trace.stepMs }, config)
    }
  return { refreshMs: performance.now() - startedMs, bytes }
}

/** Fits of our automatic models and of statsforecast's, summed over the same series. */
export async function fitFigures(cases: readonly Case[], python: string): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'forescale-speed-'))
  try {
    const chosen = spreadOver(cases, FIT_SERIES).map((one, i) => {
      const values = known(one.trace.values.subarray(0, one.split.testFrom)).slice(-FIT_STEPS)
      const file = join(folder, `${i}.f64`)
      writeFileSync(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
      return { values, file }
    })
    const figures: Figure[] = []
    for (const { kind, peer } of AUTOMATIC) {
      let ours = 0
      for (const { values } of chosen)
        ours += await leastMs(FIT_RUNS, () => void fitOne(kind, values))
      const theirs = await peerMs(python, peer, chosen)
      figures.push({
        name: `forecast.fit.${kind}`,
        value: ours / chosen.length,
        unit: `ms a series of up to ${FIT_STEPS} steps, no season, one thread`,
        peer: `statsforecast ${peer}, ${(theirs / chosen.length).toFixed(0)} ms`,
        ratio: ours / theirs,
      })
    }
    return figures
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function fitOne(kind: MemberKind, values: Float64Array): unknown {
  return modelOf(kind).fit(values, { seasons: [], horizonSteps: 60, random: seededRandom(1) })
}

async function peerMs(
  python: string,
  model: string,
  chosen: readonly { file: string }[],
): Promise<number> {
  let totalMs = 0
  await runPeerProcesses({
    python,
    script: fileURLToPath(new URL('../peers/speed_peer.py', import.meta.url)),
    processes: 1,
    tasks: chosen.map(({ file }) => ({
      task: { file, model, season: 1 },
      done: ({ seconds }) => {
        totalMs += seconds * 1000
      },
      failed: (reason) => {
        throw new Error(`statsforecast ${model}: ${reason}`)
      },
    })),
  })
  return totalMs
}

/** Every so-many-th case, `count` of them. */
function spreadOver(cases: readonly Case[], count: number): readonly Case[] {
  const stride = Math.max(1, Math.floor(cases.length / count))
  return cases.filter((_, i) => i % stride === 0).slice(0, count)
}

function known(values: Float64Array): Float64Array {
  return values.filter((value) => !Number.isNaN(value))
}
