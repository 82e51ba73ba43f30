/** The built page in a real Chromium, over synthetic data (dev/) or a controller that runs. Only for tests. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { type ReplayOptions, type ReplayServer, startReplayServer } from './dev/replay-server.ts'

/** A controller whose page is looked at in place of the synthetic one. */
export const REAL_URL = process.env.FORESCALE_E2E_URL
const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
]
export const LOOKS = [
  { width: 1280, height: 900, colorScheme: 'light' },
  { width: 1280, height: 900, colorScheme: 'dark' },
  { width: 360, height: 740, colorScheme: 'light' },
  { width: 360, height: 740, colorScheme: 'dark' },
] as const
export type Look = (typeof LOOKS)[number]
const DESKTOP = LOOKS[0]

export interface Opened {
  readonly page: Page
  /** Errors of the console and of scripts, and every request to another origin. */
  readonly faults: string[]
}

export interface Shown {
  /** Of the page that all tests of a file look at. */
  readonly url: string
  /** The page, loaded; closed after the test. */
  open(at?: string, look?: Look): Promise<Opened>
  /** A synthetic fleet of its own, until the test has ended. */
  staged(options: ReplayOptions): Promise<ReplayServer>
}

/** Builds the page before the tests of a file, and ends what they opened. */
export function showDashboard(): Shown {
  let dist: string
  let browser: Browser
  let server: ReplayServer | undefined
  let url: string
  const cleanups: (() => Promise<unknown>)[] = []
  const serve = (options: ReplayOptions = {}) =>
    startReplayServer({ dist, tickMs: 1000, stepMs: 1000, dayMs: 120_000, ...options })

  beforeAll(async () => {
    dist = await mkdtemp(path.join(tmpdir(), 'dashboard-'))
    if (REAL_URL === undefined) {
      const outDir = dist
      await build({
        root: import.meta.dirname,
        logLevel: 'error',
        build: { outDir, emptyOutDir: true },
      })
      server = await serve()
    }
    url = REAL_URL ?? server!.url
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS })
  })

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })

  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await rm(dist, { recursive: true, force: true })
  })

  async function open(
    at: string = url,
    { width, height, colorScheme }: Look = DESKTOP,
  ): Promise<Opened> {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme })
    cleanups.push(() => context.close())
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    const faults: string[] = []
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(at).origin)
        faults.push(`request to ${request.url()}`)
    })
    await page.goto(at)
    await page.locator('.service .plot canvas').first().waitFor()
    return { page, faults }
  }

  return {
    get url() {
      return url
    },
    open,
    async staged(options) {
      const own = await serve(options)
      cleanups.push(() => own.close())
      return own
    },
  }
}
