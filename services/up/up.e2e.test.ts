/** The supervisor for real: what it prints, what it restarts, and that nothing outlives it. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { startTestDemo, type TestDemo, until } from './test-demo.ts'

const CONFIG = {
  version: 1,
  mode: 'enforce',
  actuator: { kind: 'processes' },
  services: { search: { minReplicas: 2 }, auth: { minReplicas: 1 } },
  shop: {
    dayMs: 60_000,
    workload: 'steady',
    services: { search: { startupMs: 100, peakRps: 60 }, auth: { startupMs: 100, peakRps: 20 } },
  },
}
/** up, host, gateway, load and three replicas. */
const PROCESSES = 7

const demos: TestDemo[] = []
async function start(
  options: Partial<Parameters<typeof startTestDemo>[0]> = {},
): Promise<TestDemo> {
  const demo = await startTestDemo({ config: CONFIG, ...options })
  demos.push(demo)
  return demo
}
afterEach(async () => {
  for (const demo of demos.splice(0).reverse()) await demo.cleanUp()
})

describe('ending', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 0],
  ] as const)('on %s stops everything, in reverse order, with code %i', async (signal, code) => {
    const demo = await start()
    expect(demo.survivors()).toHaveLength(PROCESSES)
    demo.child.kill(signal)
    expect(await demo.exit).toEqual({ code, signal: null })
    expect(demo.survivors()).toEqual([])
    const stopped = demo.output().match(/^\w+(?= +stopped)/gm)
    expect(stopped).toEqual(['load', 'gateway', 'host'])
    expect(readdirSync(demo.stateDir)).not.toContain('runtime.json')
  })

  it('by kill -9 leaves nothing behind', async () => {
    const demo = await start()
    expect(demo.survivors()).toHaveLength(PROCESSES)
    demo.child.kill('SIGKILL')
    await until(() => demo.survivors().length === 0, 10_000)
  })

  it('by kill -9 of everything but the replicas leaves no replica behind', async () => {
    const demo = await start()
    for (const { pid } of [...demo.runtime().parts, { pid: demo.child.pid! }])
      process.kill(pid, 'SIGKILL')
    await until(() => demo.survivors().length === 0, 5000)
  })

  it('while still starting leaves nothing behind', async () => {
    const config = structuredClone(CONFIG)
    config.shop.services.search.startupMs = 60_000
    const demo = await start({ config, awaitReady: false })
    await until(() => demo.survivors().length === 5) // up, host and three replicas
    demo.child.kill('SIGTERM')
    expect((await demo.exit).code).toBe(0)
    await until(() => demo.survivors().length === 0, 1000)
  })
})

describe('running', () => {
  it('says the mode, and the address last; refuses a second one in its folder; starts a part again that died', async () => {
    const demo = await start()
    const lines = demo.output().trimEnd().split('\n')
    expect(lines.at(-1)).toBe(demo.runtime().urls.dashboard)
    expect(demo.output()).toMatch(/mode enforce/)
    for (const part of ['host', 'gateway', 'load']) {
      expect(demo.output()).toMatch(new RegExp(`^${part} +ready`, 'm'))
    }

    const second = await start({ stateDir: demo.stateDir })
    expect((await second.exit).code).toBe(6)
    expect(second.output()).toMatch(new RegExp(`in use by process ${demo.child.pid}`))

    const { gateway } = demo.urls
    const before = demo.pidOf('gateway')
    process.kill(before, 'SIGKILL')
    await until(() => demo.runtime().parts.some((p) => p.name === 'gateway' && p.pid !== before))
    expect(demo.urls.gateway).toBe(gateway)
    await until(
      async () => (await fetch(`${gateway}/search/work`).catch(() => undefined))?.status === 200,
    )
    await until(() => demo.output().match(/^gateway +ready/gm)?.length === 2)
    expect(demo.output()).toMatch(/^gateway +died +SIGKILL; starts again/m)
  })

  it('keeps the time of day over a restart', async () => {
    const demo = await start()
    const epoch = readFileSync(path.join(demo.stateDir, 'demo-epoch.json'), 'utf8')
    demo.child.kill('SIGTERM')
    await demo.exit
    const again = await start({ stateDir: demo.stateDir })
    expect(readFileSync(path.join(again.stateDir, 'demo-epoch.json'), 'utf8')).toBe(epoch)
  })
})

describe('refusing', () => {
  it('a busy port, naming FORESCALE_PORT', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const address = taken.address()
    const port = typeof address === 'object' && address ? String(address.port) : ''
    try {
      const demo = await start({ env: { FORESCALE_PORT: port } })
      expect((await demo.exit).code).toBe(4)
      expect(demo.output()).toMatch(new RegExp(`port ${port} .*is in use`))
      expect(demo.output()).toMatch(/FORESCALE_PORT=/)
      expect(demo.survivors()).toEqual([])
    } finally {
      taken.close()
    }
  })

  it('to go on without a part that cannot start, and says why', async () => {
    const stateDir = mkdtempSync(path.join(tmpdir(), 'forescale-demo-'))
    mkdirSync(path.join(stateDir, 'host'))
    writeFileSync(path.join(stateDir, 'host', 'applied.jsonl'), 'this is no journal\n')
    const demo = await start({ stateDir })
    expect((await demo.exit).code).toBe(1)
    expect(demo.output()).toMatch(/host: .*applied\.jsonl:1/)
    expect(demo.survivors()).toEqual([])
  })
})
