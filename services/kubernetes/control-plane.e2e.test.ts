/** The control plane that the other tests lean on: a real one, which makes pods of a Deployment and keeps what it was told. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CONTROL_PLANE_HERE,
  startControlPlane,
  type TestControlPlane,
} from './test-control-plane.ts'

describe.runIf(CONTROL_PLANE_HERE)('the control plane', () => {
  let plane: TestControlPlane
  beforeAll(async () => {
    plane = await startControlPlane()
  }, 120_000)
  afterAll(() => plane?.stop())

  const podsOf = async (app: string) =>
    JSON.parse(await plane.kubectl('get', 'pods', '-l', `app=${app}`, '-o', 'json')).items.length

  it('makes the pods of a Deployment, and of another count when it is scaled', async () => {
    await plane.kubectl('create', 'deployment', 'web', '--image=none.invalid/pause', '--replicas=3')
    await expect.poll(() => podsOf('web'), { timeout: 30_000 }).toBe(3)
    await plane.kubectl('scale', 'deployment', 'web', '--replicas=5')
    await expect.poll(() => podsOf('web'), { timeout: 30_000 }).toBe(5)
  })

  it('keeps what it holds when its API server is killed', async () => {
    await plane.killApiServer()
    await expect(plane.kubectl('get', 'deployment', 'web')).rejects.toThrow(/refused/)
    await plane.startApiServer()
    expect(await plane.kubectl('get', 'deployment', 'web', '-o', 'name')).toContain('web')
  })
})
