/**
 * One tick at fleet size: its pure part (forecasters advance, forecast, observe, propose, arbitrate) and the whole
 * (newest steps read from the store, decided, written durably to the ledger). Synthetic load, labelled so.
 *
 * Peers, in the same run: of the pure part, the HPA rule alone on the same fleet; of the whole tick, the store and
 * ledger alone, reading and writing as much without deciding anything.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AgentMemory } from '../../agents/agent.ts'
import { averageValueReplicas } from '../../agents/hpa/metrics.ts'
import { emptyMemory, normalizeWithBehaviors } from '../../agents/hpa/normalize.ts'
import { decideTick } from '../../coordinator/tick.ts'
import type { TickInput } from '../../coordinator/tick-input.ts'
import { LOAD_METRIC } from '../../forecaster/series.ts'
import { createDryRun } from '../../services/actuators/dry-run.ts'
import { openTreasury } from '../../services/budget/treasury.ts'
import { noCovariates } from '../../services/covariates/covariates.ts'
import { openLedger } from '../../services/ledger/registry.ts'
import { createControlLoop, forecastAll, observeAll } from '../../services/loops/control-loop.ts'
import { createLoadBook } from '../../services/loops/load-book.ts'
import { openSettings } from '../../services/loops/settings.ts'
import { followLoad } from '../../services/models/contenders.ts'
import { openStore } from '../../services/stores/registry.ts'
import {
  fitFleet,
  fleetContenders,
  fleetSpec,
  followingOf,
  forecastConfig,
  loadAt,
  STEP_MS,
} from './fleet.ts'
import { selectionMs } from './selection.ts'
import { counts, fleetConfig, memoryBook, nameOf, plainSettings, START_MS } from './tick-fleet.ts'
import { type Figure, leastMs } from './timing.ts'

const SIZES = [100, 1000, 10_000]
const RUNS = 9

async function pureMs(n: number): Promise<number> {
  const config = fleetConfig(n)
  const { book, entries } = memoryBook(n)
  const settings = plainSettings(config)
  const replicas = counts(n)
  let memories = new Map<string, AgentMemory>()
  return leastMs(RUNS, (run) => {
    const nowMs = START_MS
    entries.forEach((entry, i) => {
      entry.loadRps = loadAt(i, run + 1)
      followLoad(entry.contenders, entry.loadRps, START_MS, followingOf(entry.service))
    })
    const forecasts = forecastAll(book, config)
    const input: TickInput = observeAll(
      { config, book, settings },
      { nowMs, tick: run, forecasts, replicas, startups: new Map(), memories },
    )
    const output = decideTick(input)
    memories = new Map(output.memories.map((memory, i) => [nameOf(i), memory!]))
  })
}

/** The peer: HPA's rule alone, with its memory, for the same fleet. */
async function hpaMs(n: number): Promise<number> {
  const { behavior, minReplicas, maxReplicas, capacityPerReplica, targetUtilization } = fleetSpec
  const state = Array.from({ length: n }, (_, i) => ({
    current: Math.max(1, Math.round(loadAt(i, 0) / 22)),
    memory: emptyMemory,
  }))
  return leastMs(RUNS, (run) => {
    for (let i = 0; i < n; i++) {
      const { current, memory } = state[i]!
      const desired = averageValueReplicas({
        total: loadAt(i, run + 1),
        targetAverage: capacityPerReplica * targetUtilization,
        currentReplicas: current,
        toleranceUp: 0.1,
        toleranceDown: 0.1,
      })
      const step = normalizeWithBehaviors({
        current,
        desired,
        minReplicas,
        maxReplicas,
        behavior,
        memory,
        nowMs: START_MS + run * STEP_MS,
      })
      state[i] = { current: step.replicas, memory: step.memory }
    }
  })
}

/** A whole tick on real files, and what store and ledger cost alone. */
async function wholeMs(n: number): Promise<{ whole: number; io: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'forescale-bench-'))
  try {
    const config = fleetConfig(n)
    const store = await openStore(config, folder)
    const ledger = await openLedger(config, folder)
    const specs = new Map(Object.entries(config.services))
    const book = createLoadBook({
      store,
      stepMs: STEP_MS,
      tickMs: STEP_MS,
      specs,
      config: forecastConfig,
      covariates: noCovariates(),
      longestGapMs: forecastConfig.historyMs,
    })
    const settings = await openSettings(config, ledger)
    const actuator = createDryRun(
      new Map([...counts(n)].map(([service, c]) => [service, c.requested])),
    )
    const loop = createControlLoop(
      {
        config,
        book,
        ledger,
        actuator,
        settings,
        treasury: await openTreasury({ ledger, config: () => config, amountOf: () => undefined }),
        startups: async () => new Map(),
        stopwatchMs: () => performance.now(),
      },
      { tick: 0, memories: new Map() },
    )
    const push = (k: number) =>
      store.append(
        Array.from({ length: n }, (_, i) => ({
          service: nameOf(i),
          metric: LOAD_METRIC,
          atMs: START_MS + k * STEP_MS,
          value: loadAt(i, k),
        })),
        START_MS + k * STEP_MS,
      )
    await push(0)
    await book.read(START_MS)
    const states = fitFleet(n)
    for (let i = 0; i < n; i++) {
      book.entries.get(nameOf(i))!.contenders = fleetContenders(nameOf(i), states[i]!)
    }
    let whole = Number.POSITIVE_INFINITY
    let io = Number.POSITIVE_INFINITY
    for (let k = 1; k <= RUNS; k++) {
      await push(k)
      const startedMs = performance.now()
      const { decided, forecasts } = await loop.tick(START_MS + k * STEP_MS)
      whole = Math.min(whole, performance.now() - startedMs)
      const again = performance.now()
      await store.grid({
        metric: LOAD_METRIC,
        services: [...specs.keys()],
        fromMs: START_MS + (k - 1) * STEP_MS + 1,
        toMs: START_MS + k * STEP_MS + 1,
        stepMs: STEP_MS,
      })
      const last = await ledger.lastTick()
      await ledger.openTick(
        { ...last!, tick: -k },
        decided.decisions.map((d) => ({ ...d, id: `${d.id}x`, tick: -k })),
        [],
      )
      io = Math.min(io, performance.now() - again)
      void forecasts
    }
    await ledger.close()
    await store.close()
    return { whole, io }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export async function benchTick(): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const n of SIZES) {
    const [pure, hpa] = [await pureMs(n), await hpaMs(n)]
    const { whole, io } = await wholeMs(n)
    const selection = await selectionMs(n)
    figures.push({
      name: `tick.selection.${n}`,
      value: selection,
      unit: 'ms',
      peer: 'the tick itself, pure part',
      ratio: selection / pure,
    })
    figures.push({
      name: `tick.pure.${n}`,
      value: pure,
      unit: 'ms',
      peer: 'the HPA rule alone, same fleet',
      ratio: pure / hpa,
    })
    figures.push({
      name: `tick.whole.${n}`,
      value: whole,
      unit: 'ms',
      peer: 'store and ledger alone, same rows',
      ratio: whole / io,
    })
    figures.push({
      name: `tick.rate.${n}`,
      value: (n / whole) * 1000,
      unit: 'services/s',
      peer: 'the HPA rule alone, same fleet',
      ratio: hpa / whole,
    })
  }
  const of = (name: string) => figures.find((f) => f.name === name)!.value
  for (const part of ['pure', 'whole']) {
    const growth = of(`tick.${part}.10000`) / of(`tick.${part}.1000`)
    figures.push({
      name: `tick.${part}.growth`,
      value: growth,
      unit: '× for 10 × services',
      peer: 'linear growth',
      ratio: growth / 10,
    })
  }
  return figures
}
