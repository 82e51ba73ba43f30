/** Alerts of the real controller by the manual clock: ledger, forecasts and a real receiver of webhooks. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { type Composed, compose } from '../compose.ts'
import { AppConfig } from '../config.ts'
import type { ControlEvent } from '../control-plane.ts'
import type { Alert, AlertChange } from './alert.ts'

const STEP_MS = 60_000
const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'forescale-alerts-'))
  closing.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function start(stateDir: string, change: object = {}) {
  const config = AppConfig.parse({
    clock: 'manual',
    tickMs: STEP_MS,
    stepMs: STEP_MS,
    costBudgetPerHour: 5,
    actuator: { kind: 'caller' },
    forecast: { models: ['seasonal-naive'] },
    services: { search: { maxReplicas: 30 }, auth: {} },
    ...change,
  })
  const composed = await compose({
    config,
    stateDir,
    reread: () => config,
    hostUrl: '',
    loadUrl: '',
    env: { LOG_LEVEL: 'silent' },
  })
  let isOpen = true
  const close = async () => {
    if (isOpen) await composed.close()
    isOpen = false
  }
  closing.push(close)
  const changes: AlertChange[] = []
  composed.controller.subscribe((event: ControlEvent) => {
    if (event.kind === 'alert') changes.push(event.data)
  })
  return { ...composed, close, changes }
}

type Running = Composed & { changes: AlertChange[] }
const told = ({ changes }: Running) => changes.map((c) => `${c.event} ${c.alert.kind}`)

/** One step of both services; undefined: nothing comes. */
async function step(
  { controller }: Composed,
  k: number,
  search: number | undefined,
): Promise<void> {
  const random = seededRandom('auth', k)
  const loads = { search, auth: 20 * (0.9 + 0.2 * random()) }
  const samples = Object.entries(loads).flatMap(([service, value]) =>
    value === undefined
      ? []
      : [{ service, metric: 'requests_per_second', atMs: k * STEP_MS, value }],
  )
  await controller.ingest(samples)
  const counts = { requested: 8, ready: 8, starting: 0, terminating: 0 }
  await controller.runTick(
    k * STEP_MS,
    new Map([
      ['search', counts],
      ['auth', counts],
    ]),
  )
}

const ordinary = (k: number) => 60 * (0.9 + 0.2 * seededRandom('search', k)())

async function run(
  running: Composed,
  from: number,
  to: number,
  load: (k: number) => number | undefined = ordinary,
): Promise<void> {
  for (let k = from; k <= to; k++) await step(running, k, load(k))
}

async function receiver() {
  const bodies: { event: string; alert: Alert }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      bodies.push(JSON.parse(body))
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => server.close(resolve)))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, bodies }
}

describe('a spike', () => {
  it('is one alert, told once, over a restart in its middle too, and closed when it is over', async () => {
    const folder = await tempFolder()
    const { url, bodies } = await receiver()
    const change = { alerts: { webhooks: [{ url, minSeverity: 'info' }] } }
    const first = await start(folder, change)
    await run(first, 1, 150)
    expect(told(first)).toEqual([])

    await run(first, 151, 156, () => 400 + Math.random())
    expect(told(first)).toEqual(['opened spike'])
    const [{ alert }] = first.changes as [AlertChange]
    expect(alert).toMatchObject({ key: 'anomaly/load/search', service: 'search' })
    // 8 replicas at about 10 requests/s each: far beyond what they carry
    expect(['warning', 'critical']).toContain(alert.severity)
    expect(alert.summary).toMatch(/^search: 40\d req\/s, where \d+\.\d was forecast \(99 % ≤ /)
    expect(alert.sinceMs).toBe(150 * STEP_MS)
    await first.close()

    const second = await start(folder, change)
    expect(second.controller.alerts().open.map(({ id }) => id)).toEqual([alert.id])
    await run(second, 157, 162, () => 400 + Math.random())
    await run(second, 163, 230)
    const events = told(second).filter((text) => !text.startsWith('escalated'))
    expect(events.filter((text) => text.startsWith('opened'))).toEqual([])
    expect(events.at(-1)).toMatch(/^closed/)
    expect(second.controller.alerts().open).toEqual([])
    for (let i = 0; i < 300 && !bodies.some((b) => b.event === 'closed'); i++) await sleep(10)
    expect(bodies.filter((b) => b.event === 'opened').map((b) => b.alert.id)).toEqual([alert.id])
    expect(bodies.filter((b) => b.event === 'closed').map((b) => b.alert.id)).toEqual([alert.id])
  }, 60_000)
})

it('silence is told, and its end', async () => {
  const running = await start(await tempFolder())
  await run(running, 1, 120)
  await run(running, 121, 140, () => undefined)
  expect(told(running)).toEqual(['opened silent'])
  await run(running, 141, 150)
  expect(told(running)).toEqual(['opened silent', 'closed silent'])
}, 60_000)

it('a budget below the minimums is told at once, and seen by whoever acknowledges it', async () => {
  const running = await start(await tempFolder(), { costBudgetPerHour: 0.15 })
  await run(running, 1, 2)
  const [open] = running.controller.alerts().open as [Alert]
  expect(open).toMatchObject({ kind: 'budget-infeasible', severity: 'critical', service: null })
  await running.controller.acknowledgeAlert(open.id, 'ann')
  expect(running.controller.alerts().open[0]).toMatchObject({ acknowledgedBy: 'ann' })
  await running.controller.setBudget(3, 'test')
  await run(running, 3, 16)
  expect(told(running)).toEqual([
    'opened budget-infeasible',
    'acknowledged budget-infeasible',
    'closed budget-infeasible',
  ])
  expect(running.changes.at(-1)!.alert.acknowledgedBy).toBe('ann')
}, 60_000)

it('coverage is followed live, and told when it is out of bounds', async () => {
  const running = await start(await tempFolder(), {
    alerts: { coverage: { least: 0.999, most: 1 }, falseAlarmsPerWeek: 0.000_001 },
  })
  await run(running, 1, 330)
  const coverage = running.controller.coverage('search')!
  expect(coverage.steps).toBeGreaterThan(200)
  expect(coverage.share).toBeGreaterThan(0.75)
  expect(coverage.share).toBeLessThan(1)
  expect(told(running)).toContain('opened forecast-coverage')
}, 60_000)
