/** What is served to a cluster is served only where it is configured, and its state is among the health checks. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import getPort from 'get-port'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppConfig } from '../config.ts'
import { createTestParts } from '../http/test-plane.ts'
import { serveCluster } from './served.ts'
import { makeCertificate, type TestCertificate } from './test-certificates.ts'

const log = pino({ level: 'silent' })
let dir: string
let certificate: TestCertificate
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'forescale-served-'))
  const subjectAltName = 'DNS:forescale-metrics.forescale.svc'
  certificate = makeCertificate(dir, 'own', { commonName: 'own', subjectAltName })
})
afterAll(() => rmSync(dir, { recursive: true }))

const serve = (kubernetes: object | undefined) => {
  const { control, state } = createTestParts()
  state.config = AppConfig.parse({ ...state.config, kubernetes })
  return { control, served: serveCluster(control, log, () => {}) }
}
const isOpen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
/** Of a cluster that does not answer. */
async function kubeconfig(): Promise<string> {
  const file = path.join(dir, 'kubeconfig')
  const port = await getPort({ host: '127.0.0.1' })
  const named = (kind: string, value: object) => [{ name: 'away', [kind]: value }]
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'away' },
    clusters: named('cluster', { server: `https://127.0.0.1:${port}` }),
    users: named('user', { token: 'none' }),
    contexts: named('context', { cluster: 'away', user: 'away' }),
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}

describe('what is served to a cluster', () => {
  it('is nothing where nothing is configured', async () => {
    for (const kubernetes of [undefined, {}]) {
      const { control, served } = serve(kubernetes)
      expect((await served).control).toBe(control)
    }
  })

  it('is told in the health checks, and closed again', async () => {
    const port = await getPort({ host: '127.0.0.1' })
    const { control, served } = serve({ scaler: { port } })
    const { control: checked, close } = await served
    const own = await control.health()
    expect(await checked.health()).toEqual([
      ...own,
      {
        ...{ name: 'keda-scaler', ok: true },
        detail: `KEDA's external scaler at 127.0.0.1:${port}, without TLS`,
      },
    ])
    expect(checked.services()).toBe(control.services())
    expect(await isOpen(port)).toBe(true)
    await close()
    expect(await isOpen(port)).toBe(false)
  })

  it('never makes us unready when the cluster is away, but says so', async () => {
    const { certFile, keyFile } = certificate
    const { served } = serve({
      kubeconfig: await kubeconfig(),
      metricsApi: { host: '127.0.0.1', port: 0, tls: { certFile, keyFile }, apis: ['external'] },
    })
    const { control, close } = await served
    const checks = (await control.health()).filter(({ name }) => name === 'metrics-api')
    expect(checks).toEqual([
      {
        ...{ name: 'metrics-api', ok: true, degraded: true },
        detail: expect.stringContaining('not known yet whose word about callers is taken'),
      },
    ])
    await close()
  })

  it('leaves nothing open when a part of it cannot be had', async () => {
    const port = await getPort({ host: '127.0.0.1' })
    const { certFile, keyFile } = certificate
    const { served } = serve({
      kubeconfig: await kubeconfig(),
      metricsApi: { host: '127.0.0.1', port, tls: { certFile, keyFile } },
      scaler: { tls: { certFile: '/nowhere', keyFile } },
    })
    await expect(served).rejects.toThrow(/kubernetes\.scaler\.tls\.certFile: "\/nowhere"/)
    expect(await isOpen(port)).toBe(false)
  })
})
