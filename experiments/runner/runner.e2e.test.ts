/**
 * As processes: a run that is killed goes on where it was; runs on workers behind a real Redis are the same bytes as
 * local ones; the report draws in a real Chromium without any network.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { startRedis } from '../../services/jobs/test-redis.ts'
import { bytesOf, SMALL, SQUEEZED } from './test-experiment.ts'

const MAIN = path.resolve('services/cli/main.ts')
const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
let home: string
let config: string
const children: ChildProcess[] = []

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  return child
}
const forescale = (...args: string[]): ChildProcess => start('experiment', ...args)

async function ended(child: ChildProcess): Promise<{ code: number | null; said: string }> {
  let said = ''
  child.stderr?.on('data', (data) => (said += data))
  child.stdout?.resume()
  const [code] = await once(child, 'exit')
  return { code, said }
}

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'forescale-experiment-'))
  config = path.join(home, 'small.yaml')
  writeFileSync(config, SMALL)
  const { code, said } = await ended(
    forescale('run', config, '--workers', '2', '--out', path.join(home, 'whole')),
  )
  expect(code, said).toBe(0)
})
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
})
afterAll(() => rmSync(home, { recursive: true }))

it('killed with -9 in the middle, the same command ends with the same bytes', async () => {
  const out = path.join(home, 'killed')
  const jobs = path.join(out, 'jobs')
  const finished = () =>
    existsSync(jobs) ? readdirSync(jobs).filter((f) => f.endsWith('.json')).length : 0
  const child = forescale('run', config, '--workers', '2', '--out', out)
  const killed = ended(child)
  while (finished() < 3) await sleep(5)
  child.kill('SIGKILL')
  await killed
  const kept = finished()
  expect(kept).toBeLessThan(30)
  expect(existsSync(path.join(out, 'results.json'))).toBe(false)
  const { code, said } = await ended(forescale('run', config, '--workers', '1', '--out', out))
  expect(code, said).toBe(0)
  expect(Number(/30 runs, (\d+) of them of earlier calls/.exec(said)?.[1])).toBeGreaterThanOrEqual(
    kept,
  )
  expect(bytesOf(out)).toEqual(bytesOf(path.join(home, 'whole')))
})

it('on two workers behind Redis it is the same bytes', async () => {
  const redis = await startRedis()
  const queue = ['--queue', redis.url]
  const workers = [1, 2].map(() =>
    start('worker', ...queue, '--kinds', 'experiment', '--threads', '1'),
  )
  const told = workers.map(ended)
  const out = path.join(home, 'queued')
  const { code, said } = await ended(forescale('run', config, '--out', out, ...queue))
  expect(code, said).toBe(0)
  for (const worker of workers) worker.kill('SIGTERM')
  for (const worker of await Promise.all(told)) {
    expect(worker.code, worker.said).toBe(0)
    // neither did it all alone
    expect(worker.said).toMatch(/runs: done/)
  }
  await redis.close()
  expect(bytesOf(out)).toEqual(bytesOf(path.join(home, 'whole')))
})

interface Plot {
  readonly id: string
  readonly labels: readonly string[]
  /** Opaque pixels of the first series' blue, and pixels of the band's thinner one. */
  readonly line: number
  readonly shade: number
}

/** Every plot of a report as a real Chromium draws it; rejects where the page has a fault or asks the network. */
async function plotsOf(report: string, shot: string): Promise<{ plots: Plot[]; words: string }> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) faults.push(request.url())
    })
    await page.goto(pathToFileURL(report).href)
    const shots = process.env.FORESCALE_SHOTS
    if (shots) await page.screenshot({ path: path.join(shots, shot), fullPage: true })
    expect(faults).toEqual([])
    const plots = await page.locator('.uplot').evaluateAll((places) =>
      places.map((place): Plot => {
        const canvas = place.querySelector('canvas')!
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
        let line = 0
        let shade = 0
        for (let p = 0; p < data.length; p += 4) {
          const isBlue = Math.abs(data[p + 1]! - 105) < 4 && Math.abs(data[p + 2]! - 218) < 4
          if (isBlue && data[p + 3] === 255) line++
          else if (isBlue && data[p + 3]! > 20) shade++
        }
        const labels = [...place.querySelectorAll('.u-legend th')].map((th) => th.textContent ?? '')
        return { id: place.parentElement!.id, labels, line, shade }
      }),
    )
    return { plots, words: await page.locator('main').innerText() }
  } finally {
    await browser.close()
  }
}

it('the report draws every plot, and asks no network', async () => {
  const { plots, words } = await plotsOf(path.join(home, 'whole', 'report.html'), 'experiment.png')
  // three data sets, three plots each: no controller of these knows a price or a forecast
  expect(plots).toHaveLength(9)
  expect(words.split('None of these controllers knows a price.')).toHaveLength(4)
  expect(words.split('None of these controllers forecasts.')).toHaveLength(4)
})

it('budget, price and forecast bands are drawn where a controller knows them', async () => {
  const file = path.join(home, 'squeezed.yaml')
  writeFileSync(file, SQUEEZED)
  const out = path.join(home, 'squeezed')
  const { code, said } = await ended(forescale('run', file, '--out', out))
  expect(code, said).toBe(0)
  const { plots } = await plotsOf(path.join(out, 'report.html'), 'squeezed.png')
  expect(plots.map(({ id }) => id)).toEqual([
    ...['frontier-0', 'course-0', 'forecast-0', 'money-0', 'price-0'],
  ])
  const [, course, forecast, money, price] = plots
  expect(course!.labels).toEqual(['time', 'load', 'least', 'most', 'forescale', 'hpa'])
  expect(forecast!.labels).toEqual(['time', 'load', 'median, forescale', '5 %', '95 %'])
  expect(money!.labels).toEqual(['time', 'budget', 'forescale', 'hpa'])
  expect(price!.labels).toEqual(['time', 'forescale'])
  for (const { id, line } of [course!, forecast!, money!, price!])
    expect(line, id).toBeGreaterThan(200)
  // an area, not two lines
  expect(forecast!.shade).toBeGreaterThan(2000)
})
