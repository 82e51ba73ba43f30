/** The shop's host without processes: the real one's HTTP face and fence, replicas that are ready at once, books in memory. */
import { Hono } from 'hono'
import { createFences } from '../shop/fences.ts'
import { type HostFence as Fence, HostFence, ReplicaOrder } from '../shop/host-api.ts'
import { HttpProblem, problemAnswer, readBody } from '../shop/problem.ts'

export interface AppliedOrder {
  readonly service: string
  readonly decisionId: string
  readonly to: number
  readonly token: number | undefined
  readonly atMs: number
}

export interface TestTarget {
  readonly app: Hono
  readonly applied: readonly AppliedOrder[]
  /** Orders of deposed leaders that were refused. */
  refused(): number
  /** Orders that came a second time and changed nothing. */
  repeated(): number
}

export function createTestTarget(services: readonly string[]): TestTarget {
  const state = new Map(
    services.map((name) => [name, { requested: 1, last: null as string | null }]),
  )
  const applied: AppliedOrder[] = []
  const fences = createFences([])
  let refused = 0
  let repeated = 0
  const pass = (fence: Fence | undefined) => {
    try {
      fences.pass(fence)
    } catch (error) {
      refused++
      throw error
    }
  }
  const app = new Hono()
  app.onError((error) => problemAnswer(error))
  app.get('/services', (c) =>
    c.json({ services: Object.fromEntries([...state].map(([name]) => [name, viewOf(name)])) }),
  )
  app.put('/fence', async (c) => {
    pass(await readBody(c.req, HostFence))
    return c.json({ status: 'ok' })
  })
  app.put('/services/:name/replicas', async (c) => {
    const service = c.req.param('name')
    const known = state.get(service)
    if (!known) throw new HttpProblem(404, 'No such service', service)
    const { replicas, decisionId, fence } = await readBody(c.req, ReplicaOrder)
    if (applied.some((order) => order.decisionId === decisionId)) repeated++
    else {
      pass(fence)
      applied.push({ service, decisionId, to: replicas, token: fence?.token, atMs: Date.now() })
      known.requested = replicas
      known.last = decisionId
    }
    return c.json(viewOf(service))
  })
  function viewOf(name: string) {
    const { requested, last } = state.get(name)!
    const replicas = Array.from({ length: requested }, (_, i) => ({
      id: `${name}-${i}`,
      url: '',
      pid: 1,
      state: 'ready',
      startedAtMs: 0,
      readyAtMs: 1,
    }))
    return { requested, lastDecisionId: last, recentStartupsMs: [], replicas }
  }
  return { app, applied, refused: () => refused, repeated: () => repeated }
}
