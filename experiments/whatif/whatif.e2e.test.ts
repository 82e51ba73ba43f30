/**
 * `forescale whatif` as a person types it: a real Prometheus with nine days of load, CSV files, exit codes, and the
 * report opened in a real Chromium without any network.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import axe from 'axe-core'
import getPort from 'get-port'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../services/cli/main.ts'

const PROMETHEUS = '/usr/bin/prometheus'
const PROMTOOL = '/usr/bin/promtool'
const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
const START_MS = Date.UTC(2026, 0, 5)
const STEP_MS = 600_000
const DAYS = 9
const STEPS = (DAYS * 86_400_000) / STEP_MS

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'forescale-whatif-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const loadAt = (step: number, base: number) =>
  base * (1 + 0.6 * Math.sin((2 * Math.PI * step * STEP_MS) / 86_400_000))
const write = (name: string, text: string) => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}
function csv(name: string, days = DAYS): string {
  const rows = Array.from({ length: (days * STEPS) / DAYS }, (_, step) => {
    const at = new Date(START_MS + step * STEP_MS).toISOString()
    return `${at},${loadAt(step, 200)},${loadAt(step, 50)}`
  })
  return write(name, `time,checkout,search\n${rows.join('\n')}\n`)
}
const hpa = (service: string, percent: number) => `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: ${service}}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: ${service}}
  minReplicas: 2
  maxReplicas: 40
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: ${percent}}}
`
const scaledObject = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: search, annotations: {forescale.dev/requests-per-second: "20"}}
spec:
  scaleTargetRef: {name: search}
  minReplicaCount: 1
  triggers:
    - type: prometheus
      metadata: {query: 'sum(rate(http_requests_total[1m]))', threshold: "12"}
`

const whatif = (...argv: string[]) => whole('--quick', ...argv)

/** Frontier and budgets included. */
async function whole(...argv: string[]) {
  let out = ''
  let err = ''
  const code = await runCli(['whatif', '--capacity', '40', '--refit', '30d', ...argv], {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env: {},
    nowMs: () => START_MS + DAYS * 86_400_000,
  })
  return { code, out, err }
}

describe('from a CSV file', () => {
  it('replays an HPA and a ScaledObject, prints both, and writes the same bytes twice', async () => {
    const manifests = write('both.yaml', `${hpa('checkout', 60)}---\n${scaledObject}`)
    const args = ['--source', 'csv', '--file', csv('load.csv'), '--hpa', manifests]
    const [a, b] = [join(folder, 'a'), join(folder, 'b')]
    const { code, out } = await whatif(...args, '--out', a)
    expect(code).toBe(0)
    expect(out).toMatch(/all services\n.*PRESENT RULE .*FORESCALE .*DIFFERENCE/)
    expect(out).toMatch(/cost, \$ a day +\d/)
    expect(out).toContain('search: trigger 0 (prometheus), target AverageValue 12, follows load')
    expect(out).toContain('caution: 4 days to replay')
    await whatif(...args, '--out', b)
    for (const name of ['results.json', 'report.html'])
      expect(readFileSync(join(a, name)).equals(readFileSync(join(b, name))), name).toBe(true)
    const results = JSON.parse(readFileSync(join(a, 'results.json'), 'utf8'))
    expect(results).toMatchObject({
      ...{ format: 'forescale-whatif/1', seed: 1 },
      replay: { replayDays: 4, stepMs: STEP_MS, tickMs: 15_000 },
      scopes: [{ service: null }, { service: 'checkout' }, { service: 'search' }],
    })
  })

  it('judges an edit against its baseline', async () => {
    const [before, after] = [
      write('old.yaml', hpa('checkout', 50)),
      write('new.yaml', hpa('checkout', 40)),
    ]
    const source = ['--source', 'csv', '--file', csv('load.csv')]
    const args = [...source, '--hpa', after, '--baseline', before]
    const dearer = await whatif(...args, '--fail-on', 'cost+5%', '--fail-on', 'violations')
    expect(dearer.code).toBe(5)
    expect(dearer.out).toMatch(/FAILS {2}cost\+5% \(\$\S+ a day → \$\S+ a day\)\nok {2}violations/)
    const back = [...source, '--hpa', before, '--baseline', after, '--fail-on', 'cost+5%']
    expect((await whatif(...back)).code).toBe(0)
  })

  it('finds the least budget that keeps the SLO, and a frontier of settings', async () => {
    const manifest = write('one.yaml', hpa('checkout', 60))
    const { code, out } = await whole(
      '--source',
      'csv',
      '--file',
      csv('load.csv'),
      '--hpa',
      manifest,
      '--json',
    )
    expect(code).toBe(0)
    const { budget, frontier } = JSON.parse(out)
    const tried: { perHour: number; missed: string[] }[] = budget.tried
    expect(tried.length).toBeGreaterThan(2)
    for (const { perHour, missed } of tried)
      expect(missed, String(perHour)).toEqual(perHour >= budget.least ? [] : ['checkout'])
    const front = frontier.forescale.filter(({ onFront }: { onFront: boolean }) => onFront)
    expect(front.length).toBeGreaterThan(2)
    const costs = frontier.tuned.slice(0, -1).map(({ cost }: { cost: number }) => cost)
    expect(costs).toEqual(costs.toSorted((a: number, b: number) => b - a))
  })

  it('refuses with a code of its own what it cannot judge', async () => {
    const manifest = write('one.yaml', hpa('checkout', 60))
    const load = csv('load.csv')
    const source = ['--source', 'csv', '--file', load, '--hpa', manifest]
    const thin = await whatif('--source', 'csv', '--file', csv('thin.csv', 5), '--hpa', manifest)
    expect([thin.code, thin.out]).toEqual([6, ''])
    expect(thin.err).toContain('too little history: 5 days of load')
    const stranger = await whatif(...source.slice(0, 4), '--hpa', write('x.yaml', hpa('other', 60)))
    expect([stranger.code, stranger.err]).toEqual([3, expect.stringContaining('checkout, search')])
    const lonely = await whatif(...source, '--fail-on', 'cost+5%')
    expect([lonely.code, lonely.err]).toEqual([2, expect.stringContaining('needs --baseline')])
    const wrong = await whatif(...source, '--fail-on', 'price>3')
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('like cost+5%')])
    const absent = await whatif('--source', 'csv', '--hpa', manifest)
    expect([absent.code, absent.err]).toEqual([2, expect.stringContaining('--file')])
    const nobody = ['--source', 'prometheus', '--server', 'http://127.0.0.1:9', '--query', 'up']
    expect((await whatif(...nobody, '--hpa', manifest)).code).toBe(4)
  })
})

describe.runIf(existsSync(PROMETHEUS) && existsSync(PROMTOOL))('from a Prometheus', () => {
  let child: ChildProcess
  let url: string
  beforeAll(async () => {
    const data = join(folder, 'data')
    mkdirSync(data)
    const lines = ['# TYPE rps gauge']
    for (let step = 0; step < STEPS; step++) {
      const seconds = (START_MS + (step + 1) * STEP_MS) / 1000
      lines.push(`rps{service="checkout"} ${loadAt(step, 200)} ${seconds}`)
      lines.push(`rps{service="search"} ${loadAt(step, 50)} ${seconds}`)
    }
    const samples = write('load.om', `${lines.join('\n')}\n# EOF\n`)
    execFileSync(PROMTOOL, ['tsdb', 'create-blocks-from', 'openmetrics', samples, data])
    const config = write('prometheus.yml', 'scrape_configs: []\n')
    const port = await getPort({ host: '127.0.0.1' })
    url = `http://127.0.0.1:${port}`
    child = spawn(PROMETHEUS, [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=10y',
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ])
    for (;;) {
      const ready = await fetch(`${url}/-/ready`).catch(() => undefined)
      if (ready?.ok) break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })
  afterAll(async () => {
    const ended = new Promise((done) => child.once('exit', done))
    child.kill('SIGTERM')
    await ended
  })

  it('finds what the same load in a file gives', async () => {
    const manifests = write('both.yaml', `${hpa('checkout', 60)}---\n${scaledObject}`)
    const common = ['--hpa', manifests, '--step', '10m', '--json']
    const server = [
      '--source',
      'prometheus',
      '--server',
      url,
      '--query',
      'rps',
      '--days',
      `${DAYS}`,
    ]
    const fromServer = await whatif(...server, ...common)
    expect([fromServer.code, fromServer.err]).toEqual([0, ''])
    const fromFile = await whatif('--source', 'csv', '--file', csv('load.csv'), ...common)
    expect(JSON.parse(fromServer.out).scopes).toEqual(JSON.parse(fromFile.out).scopes)
  })
})

describe('the report', () => {
  it.each(['light', 'dark'] as const)(
    'is drawn, accessible and needs no network (%s)',
    async (colorScheme) => {
      const manifests = write('both.yaml', `${hpa('checkout', 60)}---\n${scaledObject}`)
      const out = join(folder, `report-${colorScheme}`)
      await whatif('--source', 'csv', '--file', csv('load.csv'), '--hpa', manifests, '--out', out)
      const browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: [
          '--no-sandbox',
          '--disable-gpu',
          '--no-first-run',
          '--disable-background-networking',
        ],
      })
      try {
        const context = await browser.newContext({
          viewport: { width: 1280, height: 900 },
          colorScheme,
        })
        const page = await context.newPage()
        const url = pathToFileURL(join(out, 'report.html')).href
        const faults: string[] = []
        page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
        page.on('pageerror', (error) => faults.push(error.message))
        page.on('request', (asked) => asked.url() !== url && faults.push(`request ${asked.url()}`))
        await page.goto(url)
        await page.locator('canvas').first().waitFor()
        // as text: the page's own types are not these files'
        const plots = await page.evaluate<string[]>(
          "[...document.querySelectorAll('canvas')].map((canvas) => canvas.closest('[id]').id)",
        )
        expect(plots).toEqual(['trace-0', 'trace-1'])
        expect(await page.locator('h2').allTextContents()).toEqual([
          ...['all services', 'checkout', 'search', 'Dead band of the HPA', 'Assumed'],
        ])
        await page.evaluate(axe.source)
        const { violations } = await page.evaluate<axe.AxeResults>(
          "axe.run(document, { resultTypes: ['violations'] })",
        )
        const serious = violations.filter(
          ({ impact }) => impact === 'serious' || impact === 'critical',
        )
        expect(serious.map(({ id }) => id)).toEqual([])
        expect(faults).toEqual([])
      } finally {
        await browser.close()
      }
    },
  )
})
