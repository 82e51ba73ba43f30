/**
 * One server of the HTTP bench, as a process of its own: the controller as it runs in production (keys asked for, ticks
 * as often as by default), or a bare Hono server that answers the same text. Says where it listens, and with what key, to its parent.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { serve as serveNode } from '@hono/node-server'
import { Hono } from 'hono'
import { createKeyRing } from '../../services/access/key-ring.ts'
import { compose } from '../../services/compose.ts'
import { AppConfig } from '../../services/config.ts'
import { serve } from '../../services/http/server.ts'
import { openLedger } from '../../services/ledger/registry.ts'

const SERVICES = 50
const NO_LIMIT = 1_000_000

const [kind, answer = ''] = process.argv.slice(2)
process.on('disconnect', () => process.exit(0))
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ micros: user + system })
})
if (kind === 'bare') startBare(answer)
else await startOurs()

function startBare(text: string): void {
  const value: unknown = JSON.parse(text)
  const app = new Hono()
  app.get('/scaling-decision/:service', (c) => c.json(value as object))
  serveNode({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
    process.send?.({ url: `http://127.0.0.1:${port}`, token: '' })
  })
}

async function startOurs(): Promise<void> {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'forescale-bench-http-'))
  process.on('exit', () => rmSync(stateDir, { recursive: true, force: true }))
  const names = Array.from({ length: SERVICES }, (_, i) => `service-${i}`)
  const config = AppConfig.parse({
    stateDir,
    services: Object.fromEntries(names.map((name) => [name, {}])),
    http: { auth: { required: true }, limits: { requestsPerSecond: NO_LIMIT } },
  })
  const ledger = await openLedger(config, stateDir)
  const ring = createKeyRing({
    ...{ ledger, groups: () => ({}), nowMs: Date.now, random: randomBytes },
  })
  const key = { name: 'bench', role: 'viewer', groups: null, expiresAtMs: null } as const
  const { token } = await ring.create(key, 'bench')
  await ledger.close()
  const env = { LOG_LEVEL: 'silent' }
  const parts = { config, stateDir, reread: () => config, hostUrl: '', loadUrl: '', env }
  const { controller, app } = await compose(parts)
  const { url } = await serve(app, { host: '127.0.0.1', port: 0 })
  await controller.start()
  const load = () =>
    controller.ingest(
      names.map((service, i) => ({
        ...{ service, metric: 'requests_per_second', atMs: Date.now() - 1, value: 20 + i },
      })),
    )
  await load()
  setInterval(() => void load(), config.stepMs)
  process.send?.({ url, token })
}
