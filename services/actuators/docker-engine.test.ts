/** The Docker target with a real engine and real containers; where none can be started the reason is printed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Actuator } from './actuator.ts'
import { DockerActuatorConfig } from './config.ts'
import { createDocker } from './docker.ts'
import { startEngine } from './test-engine.ts'

const engine = await startEngine()
const isHere = typeof engine !== 'string'
if (!isHere) process.stderr.write(`the real Docker Engine is left out: ${engine}\n`)

describe.runIf(isHere)('a real Docker Engine', () => {
  if (typeof engine === 'string') return
  let docker: Actuator
  const warnings: string[] = []
  const seen = async () => (await docker.observe()).get('web')!
  const scale = async (decisionId: string, from: number, to: number) =>
    (await docker.apply([{ decisionId, service: 'web', from, to }]))[0]!
  const names = () =>
    engine.docker('ps', '-a', '--format', '{{.Names}} {{.State}}').split('\n').sort()

  async function ready(n: number) {
    for (let i = 0; i < 300; i++) {
      const { ready: now, starting, terminating } = await seen()
      if (now === n && starting + terminating === 0) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error(`never ${n} ready: ${JSON.stringify(await seen())}`)
  }

  beforeAll(() => {
    engine.run('web', 1, 1)
    const config = { kind: 'docker', endpoint: engine.endpoint, project: 'shop', stopSeconds: 5 }
    docker = createDocker(DockerActuatorConfig.parse(config), {
      services: ['web'],
      warn: (_, problem) => warnings.push(problem),
    })
  }, 60_000)
  afterAll(async () => {
    await docker.close()
    for (const id of engine.docker('ps', '-aq').split('\n')) if (id) engine.docker('rm', '-f', id)
    await engine.stop()
  }, 60_000)

  it('runs copies that its own tools know: ready when healthy, with their start-up times', async () => {
    await ready(1)
    expect(await scale('up', 1, 3)).toMatchObject({ outcome: 'applied' })
    expect(await seen()).toMatchObject({ requested: 3, lastDecisionId: 'up' })
    await ready(3)
    expect(names()).toEqual(['shop-web-1 running', 'shop-web-2 running', 'shop-web-3 running'])
    const { recentStartupsMs } = await seen()
    expect(recentStartupsMs.length).toBeGreaterThanOrEqual(2)
    for (const ms of recentStartupsMs) expect(ms).toBeGreaterThan(900)
    const [copy] = JSON.parse(engine.docker('inspect', 'shop-web-3'))
    expect(copy.Config.Env).toContain('LEVEL=info')
    expect(copy.Config.Hostname).toBe(copy.Id.slice(0, 12))
    expect(copy.Config.Labels['com.docker.compose.container-number']).toBe('3')
  }, 60_000)

  it('ends and removes the newest, keeps the last at zero, and comes back from there', async () => {
    await scale('down', 3, 1)
    await ready(1)
    expect(names()).toEqual(['shop-web-1 running'])
    await scale('none', 1, 0)
    await ready(0)
    expect(names()).toEqual(['shop-web-1 exited'])
    await scale('again', 0, 2)
    await ready(2)
    expect(names()).toEqual(['shop-web-1 running', 'shop-web-2 running'])
    expect(warnings).toEqual([])
  }, 60_000)
})
