/** What ships for Prometheus and Grafana, asked of the real Prometheus: rules, panels, and the runbook behind them. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import getPort from 'get-port'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createTestParts } from '../http/test-plane.ts'
import type { ShardsView } from '../shards/view.ts'
import { grafanaDashboards } from './grafana/dashboards.ts'
import { createInstruments } from './instruments.ts'
import { createMetricsPage } from './metrics.ts'

const run = promisify(execFile)
const PROMTOOL = process.env.PROMTOOL ?? 'promtool'
const PROMETHEUS = process.env.PROMETHEUS ?? 'prometheus'
const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url))
const RUNBOOK = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8')

interface Dashboard {
  readonly title: string
  readonly panels: readonly {
    readonly id: number
    readonly title: string
    readonly targets?: readonly { readonly expr: string; readonly refId: string }[]
  }[]
}
const dashboards = [...grafanaDashboards().values()] as Dashboard[]
const queries = dashboards.flatMap(({ title, panels }) =>
  panels.flatMap((panel) =>
    (panel.targets ?? []).map(({ expr }) => [title, panel.title, expr] as const),
  ),
)

describe('the alert rules', () => {
  const rules = (
    parse(readFileSync(path.join(DEPLOY, 'prometheus/rules.yml'), 'utf8')) as {
      groups: { rules: { alert: string; annotations: { runbook_url: string } }[] }[]
    }
  ).groups.flatMap((group) => group.rules)

  it('fire when they should and stay quiet when all is well', async () => {
    const { stdout } = await run(PROMTOOL, [
      'test',
      'rules',
      path.join(DEPLOY, 'prometheus/rules.test.yml'),
    ])
    expect(stdout).toContain('SUCCESS')
  })

  it('are each tested both ways', () => {
    const tests = readFileSync(path.join(DEPLOY, 'prometheus/rules.test.yml'), 'utf8')
    for (const { alert } of rules) {
      expect(tests).toContain(`name: ${alert} fires`)
      expect(tests).toContain(`name: ${alert} stays quiet`)
    }
  })

  it('each lead to a section of the runbook, and every section has an alert', () => {
    const sections = [...RUNBOOK.matchAll(/^## (Forescale\w+)$/gm)].map(([, name]) => name)
    expect(sections).toEqual(rules.map(({ alert }) => alert))
    for (const { alert, annotations } of rules)
      expect(annotations.runbook_url).toBe(`docs/runbook.md#${alert.toLowerCase()}`)
  })

  it('lead to commands that there are', () => {
    const reference = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
    const named = [...RUNBOOK.matchAll(/`forescale ([a-z0-9-]+)( [a-z]+)?/g)]
    expect(named.length).toBeGreaterThan(5)
    for (const [, verb, more = ''] of named)
      expect(reference).toMatch(new RegExp(`^### forescale ${verb}${more}$`, 'm'))
  })

  it('belong to a configuration that Prometheus accepts', async () => {
    const { stdout } = await run(PROMTOOL, [
      'check',
      'config',
      '--syntax-only',
      path.join(DEPLOY, 'prometheus/prometheus.yml'),
    ])
    expect(stdout).toContain('is valid prometheus config file syntax')
  })
})

describe('the dashboards', () => {
  it('are those that the source makes', () => {
    for (const [file, dashboard] of grafanaDashboards())
      expect(
        JSON.parse(readFileSync(path.join(DEPLOY, 'grafana/dashboards', file), 'utf8')),
      ).toEqual(dashboard)
  })

  it('number their panels once each', () => {
    for (const { panels } of dashboards)
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  })

  describe('on a Prometheus that scrapes the controller', () => {
    let folder: string
    let page: Server
    let prometheus: ChildProcess
    let api: string

    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'forescale-prometheus-'))
      page = await startPage()
      const port = await getPort()
      api = `http://127.0.0.1:${port}/api/v1`
      await cp(path.join(DEPLOY, 'prometheus/rules.yml'), path.join(folder, 'rules.yml'))
      await writeFile(path.join(folder, 'prometheus.yml'), scrapeConfig(page))
      prometheus = spawn(
        PROMETHEUS,
        [
          `--config.file=${folder}/prometheus.yml`,
          `--storage.tsdb.path=${folder}/data`,
          `--web.listen-address=127.0.0.1:${port}`,
          '--log.level=error',
        ],
        { stdio: 'ignore' },
      )
      await eventually(async () => (await values(api, 'count_over_time(up[1m])'))[0]! >= 4)
    })
    afterAll(async () => {
      prometheus.kill('SIGTERM')
      await once(prometheus, 'exit')
      page.close()
      await rm(folder, { recursive: true, force: true })
    })

    it.each(queries)('%s · %s · %s has data', async (_dashboard, _panel, expr) => {
      const found = await values(api, expr.replaceAll('$service', '.*'))
      expect(found.length).toBeGreaterThan(0)
      expect(found.every((value) => !Number.isNaN(value))).toBe(true)
    })

    it('no alert names a metric that is not there', async () => {
      const rules = readFileSync(path.join(DEPLOY, 'prometheus/rules.yml'), 'utf8')
      const names = new Set(rules.match(/\bforescale_[a-z0-9_]+/g))
      for (const name of names) expect(await values(api, name), name).not.toEqual([])
    })
  })
})

const none = { waiting: 0, active: 0, delayed: 0, dead: 0, done: 0 }
const noJobs = { experiment: none, training: none, backtest: none, fit: none }
const SHARDS: ShardsView = {
  ...{ shard: 'left', budgetPerHour: 1, jointBudgetPerHour: 2, price: 0 },
  shards: [
    {
      ...{ shard: 'left', claimPerHour: 1, runningPerHour: 1, wantedPerHour: 1 },
      ...{ silentMs: 0, isSilent: false, leader: 'a', url: '' },
    },
  ],
}

/** The metrics page of a controller that has ticked, answered and failed once at each. */
async function startPage(): Promise<Server> {
  const { control, state } = createTestParts()
  const instruments = createInstruments()
  const metrics = createMetricsPage({
    control: {
      ...control,
      budget: () => ({ ...control.budget(), shards: SHARDS }),
      leadership: () => ({ leads: true, token: 7, leader: 'a', url: '' }),
      ledgerHealth: () => ({ state: 'ok', sinceMs: 0, reason: '', queued: 0, queuedBytes: 0 }),
    },
    jobs: { kind: 'bullmq', counts: async () => noJobs },
    store: { health: () => ({ state: 'ok', detail: '', pendingSamples: 0, counts: { sent: 3 } }) },
    version: '1.2.3',
    refusedSamples: new Map([['unknown-service', 4]]),
    instruments,
  })
  const server = createServer(async (_request, response) => {
    state.counters.ticks++
    state.counters.tickDurationsMs = [...state.counters.tickDurationsMs, 12]
    instruments.told('bus', 1, false)
    instruments.asked({ kind: 'fit', outcome: 'done' }, 0.4)
    instruments.answered({ method: 'GET', route: '/metrics', status: '200' }, 0.01)
    for (const part of ['store', 'ledger', 'actuator'])
      instruments.called({ part, operation: 'read' }, 0.002, part === 'store')
    response.setHeader('content-type', 'text/plain; version=0.0.4').end(await metrics.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function scrapeConfig(page: Server): string {
  const address = page.address()
  if (address === null || typeof address === 'string') throw new Error('the page has no port')
  return [
    'global: {scrape_interval: 1s, evaluation_interval: 1s}',
    'rule_files: [rules.yml]',
    'scrape_configs:',
    '  - job_name: forescale',
    `    static_configs: [{targets: ["127.0.0.1:${address.port}"]}]`,
  ].join('\n')
}

async function values(api: string, query: string): Promise<number[]> {
  const response = await fetch(`${api}/query?${new URLSearchParams({ query })}`)
  const body = (await response.json()) as {
    status: string
    error?: string
    data: { result: { value: [number, string] }[] }
  }
  if (body.status !== 'success') throw new Error(`${query}: ${body.error}`)
  return body.data.result.map(({ value }) => Number(value[1]))
}

async function eventually(met: () => Promise<boolean>): Promise<void> {
  const givenUpAtMs = Date.now() + 60_000
  while (!(await met().catch(() => false))) {
    if (Date.now() > givenUpAtMs) throw new Error('Prometheus has scraped nothing within a minute')
    await sleep(250)
  }
}
