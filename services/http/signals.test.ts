/** A consumer that polls is told a number that may be used, or that there is none; never a 0 that nobody meant. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { SIGNAL_NAMES } from '../kubernetes/signal.ts'
import { SignalView } from '../kubernetes/signal-view.ts'
import { createApp } from './app.ts'
import { createTestParts } from './test-plane.ts'

let parts: ReturnType<typeof createTestParts>
let app: ReturnType<typeof createApp>
beforeEach(() => {
  parts = createTestParts()
  app = createApp(parts)
})
afterEach(() => app.closeStreams())

/** A value, or a problem that names fields. */
const Answer = z.looseObject({
  value: z.unknown().optional(),
  errors: z.array(z.looseObject({ field: z.string() })).optional(),
})

async function ask(signal: string, query = '', service = 'search') {
  const url = `http://127.0.0.1/v1/services/${service}/signals/forescale_workload_${signal}${query}`
  const response = await app.request(url)
  return { status: response.status, body: Answer.parse(await response.json()) }
}

describe('a signal by HTTP', () => {
  it('is one flat object with a number under `value`', async () => {
    const { status, body } = await ask('forecast_requests_per_second')
    expect(status).toBe(200)
    expect(SignalView.parse(body)).toMatchObject({ level: 0.95, windowSeconds: 49 })
    for (const value of Object.values(body)) expect(typeof value).not.toBe('object')
    expect(body.value).toBeCloseTo(50.74, 6)
  })

  it('of a forecast may be asked for by level, and of nothing else', async () => {
    expect((await ask('forecast_requests_per_second', '?level=0.5')).body.value).toBe(43)
    const { status, body } = await ask('desired_replicas', '?level=0.5')
    expect([status, body.errors?.[0]?.field]).toEqual([400, 'level'])
    expect(
      (await ask('forecast_requests_per_second', '?level=0.555')).body.errors?.[0],
    ).toMatchObject({ field: 'level', value: '0.555', allowed: expect.stringContaining('0.95') })
  })

  it.each(SIGNAL_NAMES.map((name) => name.replace('forescale_workload_', '')))(
    '%s is refused with 503 and the reason once ticks have stopped',
    async (name) => {
      expect((await ask(name)).status).toBe(200)
      parts.state.nowMs += 45_001
      const { status, body } = await ask(name)
      expect([status, body.code]).toEqual([503, 'signal-unavailable'])
      expect(body.detail).toMatch(/^stalled: the last tick is 45 s old$/)
      expect(body).not.toHaveProperty('value')
    },
  )

  it('of replicas is refused where the mode is not enforce, of an unknown service or name not found', async () => {
    parts.state.services[0]!.mode = 'recommend'
    expect((await ask('desired_replicas')).body.detail).toBe('not-enforced: the mode is recommend')
    expect((await ask('recommended_replicas')).body.value).toBe(6)
    expect((await ask('desired_replicas', '', 'nobody')).status).toBe(404)
    expect((await ask('wanted')).status).toBe(400)
  })
})
