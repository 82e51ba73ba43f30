/** Contract test of the Docker target: against a server of ours that answers as the Engine API documents it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Actuator } from './actuator.ts'
import { DockerActuatorConfig } from './config.ts'
import { createDocker } from './docker.ts'
import { createFakeEngine, type FakeEngine } from './test-fake-engine.ts'
import { type Served, serve } from './test-http.ts'

let engine: FakeEngine
let served: Served
let folder: string
let docker: Actuator
const warnings: string[] = []

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'forescale-engine-'))
  engine = createFakeEngine(80)
  served = await serve(engine.app, path.join(folder, 'engine.sock'))
  docker = open({ endpoint: served.url })
})
afterEach(async () => {
  await docker.close()
  await served.stop()
  rmSync(folder, { recursive: true, force: true })
  warnings.length = 0
})

function open(over: Partial<DockerActuatorConfig>): Actuator {
  const config = DockerActuatorConfig.parse({
    kind: 'docker',
    project: 'shop',
    deadlineMs: 2000,
    stopSeconds: 1,
    ...over,
  })
  return createDocker(config, { services: ['web'], warn: (_, problem) => warnings.push(problem) })
}

let sent = 0
const scale = async (from: number, to: number) =>
  (await docker.apply([{ decisionId: `d${++sent}`, service: 'web', from, to }]))[0]!
const names = () => [...engine.containers.values()].map(({ name }) => name).sort()
const seen = async () => (await docker.observe()).get('web')!

async function until(done: () => Promise<boolean> | boolean) {
  for (let i = 0; i < 100 && !(await done()); i++) await new Promise((r) => setTimeout(r, 20))
  expect(await done()).toBe(true)
}

describe('more replicas, over the socket', () => {
  it('are copies of one that is there, each with a number and a name of its own', async () => {
    const source = engine.add('web')
    expect((await scale(1, 3)).outcome).toBe('applied')
    expect(names()).toEqual(['shop-web-1', 'shop-web-2', 'shop-web-3'])
    const copy = [...engine.containers.values()].find(({ name }) => name === 'shop-web-2')!
    const { Labels, Hostname, Image, ...rest } = copy.body
    expect(Labels).toEqual({ ...source.body.Labels, 'com.docker.compose.container-number': '2' })
    // the engine's default for the other one; the very image, not what its tag means now
    expect([Hostname, Image]).toEqual([undefined, `sha256:${'1'.repeat(64)}`])
    expect(rest).toMatchObject({ Env: ['LEVEL=info'], HostConfig: source.body.HostConfig })
    expect(rest.NetworkingConfig?.EndpointsConfig).toMatchObject({
      shop_default: { Aliases: ['web'] },
    })
  })

  it('are starting until their health check passes, and the time is measured', async () => {
    engine.add('web')
    engine.settings.startupMs = 5000
    const old = [...engine.containers.values()][0]!
    old.startedMs -= 10_000
    await scale(1, 2)
    expect(await seen()).toMatchObject({ requested: 2, ready: 1, starting: 1 })
    engine.settings.startupMs = 80
    await until(async () => (await seen()).ready === 2)
    expect((await seen()).recentStartupsMs).toContain(80)
  })

  it('begin with those that were stopped', async () => {
    engine.add('web')
    const stopped = engine.add('web')
    stopped.status = 'exited'
    expect(await seen()).toMatchObject({ requested: 1, ready: 1 })
    await scale(1, 2)
    expect([names(), stopped.status]).toEqual([['shop-web-1', 'shop-web-2'], 'running'])
  })

  it('join every network that the first one is in', async () => {
    engine.add('web', {
      NetworkingConfig: { EndpointsConfig: { shop_default: {}, metrics: { Aliases: ['m'] } } },
    })
    await scale(1, 2)
    expect(engine.changes).toContain('POST /networks/metrics/connect')
  })

  it('of a service that publishes one port of the host are refused, with the reason', async () => {
    engine.add('web', { HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] } } })
    const result = await scale(1, 2)
    expect(result).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('port 8080'),
    })
    expect(names()).toEqual(['shop-web-1'])
  })

  it('may publish a range', async () => {
    engine.add('web', { HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080-8090' }] } } })
    expect((await scale(1, 2)).outcome).toBe('applied')
  })
})

describe('fewer replicas', () => {
  it('are the oldest: the newest go first, and are terminating until they have ended', async () => {
    for (let i = 0; i < 3; i++) engine.add('web')
    engine.settings.holdsStops = true
    await scale(3, 1)
    expect(await seen()).toMatchObject({ requested: 1, ready: 1, terminating: 2 })
    engine.settings.holdsStops = false
    await until(() => names().length === 1)
    expect(names()).toEqual(['shop-web-1'])
    expect(await seen()).toMatchObject({ terminating: 0 })
  })

  it('keep the last one stopped at zero, and it is the first to come back', async () => {
    for (let i = 0; i < 2; i++) engine.add('web')
    await scale(2, 0)
    await until(async () => (await seen()).terminating === 0)
    expect(names()).toEqual(['shop-web-1'])
    expect(await seen()).toMatchObject({ requested: 0, ready: 0 })
    await scale(0, 2)
    await until(async () => (await seen()).ready === 2)
    expect(names()).toEqual(['shop-web-1', 'shop-web-2'])
  })
})

describe('what is not a replica', () => {
  it('is left alone: one-off runs, other services, other projects', async () => {
    engine.add('web')
    const label = (key: string, value: string) => ({
      Labels: { ...engine.add('web').body.Labels, [`com.docker.compose.${key}`]: value },
    })
    const others = [label('oneoff', 'True'), label('service', 'db'), label('project', 'other')]
    const added = others.map((over) => engine.add('x', over).id)
    expect((await seen()).requested).toBe(4)
    await scale(4, 1)
    await until(() => engine.containers.size === 4)
    for (const id of added) expect(engine.containers.get(id)!.status).toBe('running')
  })
})

describe('an engine', () => {
  it('that is not there is named', async () => {
    const away = open({ endpoint: 'tcp://127.0.0.1:1' })
    await expect(away.observe()).rejects.toThrow('tcp://127.0.0.1:1 does not answer')
    await away.close()
  })

  it('without a container of the service has nothing to copy, and says so', async () => {
    await expect(docker.observe()).rejects.toThrow(
      'Compose service shop/web: there is no container, so nothing says what a replica is',
    )
  })
})
