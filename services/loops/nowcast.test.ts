/** Ticks shorter than steps, by the manual clock: what the newest load tells of the rest of its step reaches decisions. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type Composed, compose } from '../compose.ts'
import { AppConfig } from '../config.ts'
import type { TickSummary } from '../control-plane.ts'

const STEP_MS = 60_000
const TICK_MS = 10_000
const TICKS = STEP_MS / TICK_MS
const SERVICE = 'search'

let folder = ''
let composed: Composed | undefined
afterEach(async () => {
  await composed?.close()
  await rm(folder, { recursive: true, force: true })
})

/** Of each step the first ticks are quiet, the others busy: the step's mean lies between and comes never. */
const QUIET = 40
const BUSY = 100
const loadOf = (tickInStep: number): number => (tickInStep < 2 ? QUIET : BUSY)

async function live(steps: number): Promise<TickSummary[]> {
  folder = await mkdtemp(join(tmpdir(), 'forescale-nowcast-'))
  const config = AppConfig.parse({
    clock: 'manual',
    tickMs: TICK_MS,
    stepMs: STEP_MS,
    actuator: { kind: 'caller' },
    forecast: { seasonsMs: [], models: ['ets'] },
    // what is started now is ready within the next two ticks
    services: { [SERVICE]: { maxReplicas: 40, startupSeconds: 5 } },
  })
  composed = await compose({
    config,
    stateDir: folder,
    reread: () => config,
    hostUrl: '',
    loadUrl: '',
    env: { LOG_LEVEL: 'silent' },
  })
  const { controller } = composed
  const replicas = { requested: 8, ready: 8, starting: 0, terminating: 0 }
  const ticks: TickSummary[] = []
  for (let tick = 1; tick <= steps * TICKS; tick++) {
    const atMs = tick * TICK_MS
    // a load is of the time that ends at its sample
    const value = loadOf((tick - 1) % TICKS)
    await controller.ingest([{ service: SERVICE, metric: 'requests_per_second', atMs, value }])
    ticks.push(await controller.runTick(atMs, new Map([[SERVICE, replicas]])))
  }
  return ticks
}

async function medianAt(tick: TickSummary): Promise<number> {
  const [decision] = tick.decisions
  const { observation } = (await composed!.controller.explain(decision!.id))!
  return observation.demand!.find(({ level }) => level === 0.5)!.rps
}

describe('with ticks shorter than steps', () => {
  it('a quiet moment that was always followed by a busy one is not taken for a quiet step', async () => {
    const ticks = await live(60)
    const mean = (2 * QUIET + 4 * BUSY) / TICKS
    // the last step's second tick, quiet still
    const median = await medianAt(ticks.at(-5)!)
    expect(median).toBeGreaterThan(mean + 5)
    expect(median).toBeLessThan(1.3 * BUSY)
  }, 60_000)
})
