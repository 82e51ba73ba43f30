/**
 * The report as a person opens it: from a file, in a real Chromium, without any network. What it holds is the backtest of
 * a real store; one service's name is hostile.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import axe from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { LOAD_METRIC } from '../../forecaster/series.ts'
import { openStore } from '../stores/registry.ts'
import { type BacktestReport, runBacktests } from './backtest.ts'
import { reportHtml } from './report.ts'
import { createTestFolder, syntheticDays, type TestFolder } from './test-store.ts'
import { createWalker } from './walker.ts'

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
/** A folder where each look's screenshot is put, when one is named. */
const SHOTS = process.env.FORESCALE_SHOTS
const LOOKS = [
  { width: 1280, height: 900, colorScheme: 'light' },
  { width: 1280, height: 900, colorScheme: 'dark' },
  { width: 390, height: 844, colorScheme: 'light' },
  { width: 390, height: 844, colorScheme: 'dark' },
] as const
type Look = (typeof LOOKS)[number]
const HOSTILE = '</script><img src=x onerror="throw 1">'
const PLOTS = ['load', 'loss', 'calibration']

let home: TestFolder
let report: BacktestReport
let url: string
let browser: Browser
const cleanups: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  home = await createTestFolder('models: [ensemble, ets, theta]')
  await home.fill([...syntheticDays('search', 7, 1), ...syntheticDays('auth', 4, 2)])
  const store = await openStore(home.config, path.join(home.folder, 'state'))
  const walker = createWalker()
  const own = await runBacktests(
    store,
    home.config,
    {
      services: [],
      metric: LOAD_METRIC,
      lengthMs: 28 * 24 * 60 * 60 * 1000,
      horizons: [4, 16, 48],
      origins: 8,
      testShare: 0.3,
    },
    walker.walk,
  )
  await walker.close()
  await store.close()
  const [search, auth] = own.services
  report = { ...own, services: [search!, { ...auth!, service: HOSTILE }] }
  const file = path.join(home.folder, 'report.html')
  await writeFile(file, reportHtml(report, 'Backtest of requests_per_second'))
  url = pathToFileURL(file).href
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  })
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})
afterAll(async () => {
  await browser?.close()
  await home?.remove()
})

async function open({ width, height, colorScheme }: Look = LOOKS[0]) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme })
  cleanups.push(() => context.close())
  const page = await context.newPage()
  const faults: string[] = []
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('request', (request) => request.url() !== url && faults.push(`request ${request.url()}`))
  await page.goto(url)
  await page.locator('canvas').first().waitFor()
  return { page, faults }
}

/** Different colours on each plot's canvas, by plot; an empty canvas has one. */
function coloursOf(page: Page): Promise<Record<string, number>> {
  return page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll('canvas')].map((canvas) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
        return [canvas.closest('[id]')!.id, new Set(new Uint32Array(data.buffer)).size]
      }),
    ),
  )
}

async function seriousViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
      resultTypes: ['violations'],
    }),
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`)
}

describe.each(LOOKS)('at $width px, $colorScheme', (look) => {
  it('draws three plots a service, asks the network for nothing, and is accessible', async () => {
    const { page, faults } = await open(look)
    const colours = await coloursOf(page)
    const wanted = report.services.flatMap((_, i) => PLOTS.map((plot) => `${plot}-${i}`))
    expect(Object.keys(colours).sort()).toEqual(wanted.sort())
    // ink, grid and at least one line, with the shades between
    for (const [plot, count] of Object.entries(colours)) expect(count, plot).toBeGreaterThan(20)
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    expect(overflow).toBe(0)
    expect(await seriousViolations(page)).toEqual([])
    expect(faults).toEqual([])
    if (SHOTS !== undefined) {
      await mkdir(SHOTS, { recursive: true })
      const file = path.join(SHOTS, `report-${look.width}-${look.colorScheme}.png`)
      await page.screenshot({ path: file, fullPage: true })
    }
  })
})

describe('the report', () => {
  it('marks the choice in the table, by word and by colour, and says why', async () => {
    const { page } = await open()
    const section = page.locator('section').first()
    const marked = section.locator('tr.chosen')
    const { chosen, why } = report.services[0]!
    expect(await marked.locator('th').allTextContents()).toEqual([`${chosen} ← choice`])
    const colour = (row: typeof marked) =>
      row.evaluate((element) => getComputedStyle(element).backgroundColor)
    expect(await colour(marked)).not.toBe(
      await colour(section.locator('.scores tbody tr:not(.chosen)').first()),
    )
    expect(await section.locator('p').first().textContent()).toBe(`Choice: ${chosen} (${why}).`)
    expect(await section.locator('.scores tbody tr').count()).toBe(
      report.services[0]!.results.length,
    )
  })

  it('shows figures of the results', async () => {
    const { page } = await open()
    const first = report.services[0]!.results[0]!
    const cells = await page.locator('.scores tbody tr').first().locator('td').allTextContents()
    expect(cells.slice(0, 2)).toEqual([
      first.scores[0]!.spl.toFixed(4),
      first.scores[0]!.mase!.toFixed(3),
    ])
    expect(cells.length).toBe(3 * 3 + 2)
  })

  it('takes names for text, wherever they stand', async () => {
    const { page, faults } = await open()
    expect(await page.locator('h2').allTextContents()).toEqual(['search', HOSTILE, 'Not tested'])
    expect(await page.locator('img').count()).toBe(0)
    expect(faults).toEqual([])
  })

  it('shows load and quantiles under the pointer, and keeps its width to the window', async () => {
    const { page } = await open()
    const plot = page.locator('#load-0 .u-over')
    const box = (await plot.boundingBox())!
    await page.mouse.move(box.x + 0.9 * box.width, box.y + 0.5 * box.height)
    const legend = page.locator('#load-0 .u-legend')
    await expect
      .poll(() => legend.textContent())
      .toMatch(/time.*2026-11-\d\d \d\d:\d\d.*load.*\d.*95 %/s)
    await page.setViewportSize({ width: 700, height: 900 })
    await expect
      .poll(() => page.locator('#load-0 canvas').evaluate((canvas) => canvas.clientWidth))
      .toBeLessThan(700)
  })
})
