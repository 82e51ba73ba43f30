import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from './app.ts'
import { createTestParts } from './test-plane.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-pages-'))
  await mkdir(path.join(folder, 'dist', 'assets'), { recursive: true })
  await writeFile(path.join(folder, 'secret.txt'), 'secret')
  await writeFile(path.join(folder, 'dist', 'index.html'), '<!doctype html><title>built</title>')
  await writeFile(path.join(folder, 'dist', 'icon.svg'), '<svg/>')
  await writeFile(path.join(folder, 'dist', 'assets', 'main-4f2a.js'), 'export {}')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const appWith = (dashboardDir: string) => createApp({ ...createTestParts(), dashboardDir })
const built = () => appWith(path.join(folder, 'dist'))

describe('the dashboard', () => {
  it('is asked for anew each time, and may run no inline script', async () => {
    const response = await built().request('/')
    expect(await response.text()).toContain('built')
    expect(response.headers.get('cache-control')).toBe('no-cache')
    const csp = response.headers.get('content-security-policy') ?? ''
    expect(csp).toMatch(/script-src 'self';/)
    expect(csp).toContain("connect-src 'self'")
    expect(csp).toContain("frame-ancestors 'none'")
  })

  it('has assets that browsers keep for good', async () => {
    const response = await built().request('/assets/main-4f2a.js')
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect((await built().request('/icon.svg')).headers.get('content-type')).toBe('image/svg+xml')
  })

  it.each([
    '/assets/nope.js',
    '/nope.svg',
    '/..%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/assets/.hidden.js',
    '/assets/%00.js',
  ])('has no file %s', async (at) => {
    const response = await built().request(at)
    expect(response.status).toBe(404)
    expect(await response.text()).not.toBe('secret')
  })

  it('says how to build it when it is not built', async () => {
    const response = await appWith(path.join(folder, 'none')).request('/')
    expect([response.status, await response.text()]).toEqual([
      200,
      expect.stringContaining('npm run build'),
    ])
  })
})

describe('the documentation page', () => {
  const app = appWith('/nowhere')

  it('loads nothing from elsewhere', async () => {
    const html = await (await app.request('/docs')).text()
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url!)
    expect(links.length).toBeGreaterThan(2)
    for (const link of links) {
      expect(link).toMatch(/^\/docs\//)
      expect((await app.request(link)).status, link).toBe(200)
    }
  })

  it('has no inline script, as its policy demands', async () => {
    const response = await app.request('/docs')
    expect(response.headers.get('content-security-policy')).toContain("script-src 'self'")
    expect(await response.text()).not.toMatch(/<script>|<script [^>]*>[^<]/)
    expect(await (await app.request('/docs/init.js')).text()).toContain("url: '/openapi.json'")
  })

  it('gives out the files of the page only', async () => {
    expect((await app.request('/docs/package.json')).status).toBe(400)
  })
})

describe('health', () => {
  it('is alive even when nothing works', async () => {
    const parts = createTestParts()
    const broken = createApp({
      ...parts,
      control: { ...parts.control, health: () => Promise.reject(new Error('gone')) },
    })
    expect((await broken.request('/livez')).status).toBe(200)
  })

  it('is ready when all checks are well; ?verbose shows them', async () => {
    const app = createApp(createTestParts())
    const brief = await app.request('/readyz')
    expect([brief.status, await brief.json()]).toEqual([200, { status: 'ready', checks: [] }])
    expect(await (await app.request('/readyz?verbose')).json()).toMatchObject({
      checks: [{ name: 'store', ok: true }],
    })
  })

  it('is not ready when a check fails, and names it', async () => {
    const parts = createTestParts()
    parts.state.health.push({ name: 'ledger', ok: false, detail: 'database is locked' })
    const response = await createApp(parts).request('/readyz')
    expect([response.status, await response.json()]).toEqual([
      503,
      {
        status: 'not-ready',
        checks: [{ name: 'ledger', ok: false, detail: 'database is locked' }],
      },
    ])
  })
})

describe('the last tick', () => {
  it('comes from the ledger until this process has run one', async () => {
    const parts = createTestParts()
    const app = createApp(parts)
    const before = await (await app.request('/v1/ticks/latest')).json()
    parts.state.lastTick = undefined
    expect(await (await app.request('/v1/ticks/latest')).json()).toEqual(before)
  })
})
