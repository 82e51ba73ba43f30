import { describe, expect, it } from 'vitest'
import { createPlainPlant } from './plain-plant.ts'
import { createSession, type Session } from './session.ts'

const SMALL = { historyDays: 2, episodeTicks: 5 }

async function ask(session: Session, method: string, params: unknown = {}, id: unknown = 1) {
  return JSON.parse(await session.handle(JSON.stringify({ id, method, params })))
}

const newSession = () => createSession({ env: {} }, () => createPlainPlant)

async function made(config: object, count?: number) {
  const session = newSession()
  const { result } = await ask(session, 'make', { config: { ...SMALL, ...config }, count })
  return { session, environment: result.environment as string, result }
}

function floats(text: string): number[] {
  const bytes = new Uint8Array(Buffer.from(text, 'base64'))
  return [...new Float32Array(bytes.buffer)]
}
function doubles(text: string): number[] {
  const bytes = new Uint8Array(Buffer.from(text, 'base64'))
  return [...new Float64Array(bytes.buffer)]
}

describe('a session', () => {
  it('says which protocol it speaks, and its limits', async () => {
    const { id, result } = await ask(newSession(), 'hello', {}, 'a')
    expect(id).toBe('a')
    expect(result).toMatchObject({ protocol: 1, limits: { environments: 64 } })
  })

  it('makes, resets and steps an environment, the same for the same seed', async () => {
    const { session, environment, result } = await made({ kind: 'single-service' })
    expect(result.actionSpace).toEqual({ kind: 'discrete', n: 3, start: -1 })
    const play = async () => {
      const answers = [await ask(session, 'reset', { environment, seed: 5 })]
      for (const action of [1, 1, 0, -1, 0])
        answers.push(await ask(session, 'step', { environment, action }))
      return answers
    }
    const first = await play()
    expect(first.at(-1).result).toMatchObject({ truncated: true, terminated: false })
    expect(first[1].result.observation).toHaveLength(result.observationSpace.low.length)
    expect(await play()).toEqual(first)
  })

  it('steps a vector, its numbers as base64', async () => {
    const { session, environment, result } = await made({ kind: 'single-service' }, 3)
    const width = result.observationSpace.low.length
    const reset = await ask(session, 'reset', { environment, seed: [4, 4, 9] })
    const rows = floats(reset.result.observations)
    expect(rows).toHaveLength(3 * width)
    expect(rows.slice(0, width)).toEqual(rows.slice(width, 2 * width))
    expect(rows.slice(0, width)).not.toEqual(rows.slice(2 * width))
    const { result: step } = await ask(session, 'step', { environment, action: [0, 1, -1] })
    expect(Buffer.from(step.rewards, 'base64')).toHaveLength(24)
    expect(Buffer.from(step.truncated, 'base64')).toHaveLength(3)
  })

  it('steps several agents', async () => {
    const { session, environment, result } = await made({ kind: 'hierarchical' })
    expect(result.possibleAgents).toEqual(['front', 'search', 'reports', 'meta'])
    await ask(session, 'reset', { environment, seed: 5 })
    const action = { front: 1, search: 0, reports: 0, meta: [0.5, 1, 1, 1] }
    const { result: step } = await ask(session, 'step', { environment, action })
    expect(step.agents).toEqual(result.possibleAgents)
    expect(step.observations.meta).toHaveLength(result.observationSpaces.meta.low.length)
    const { result: whole } = await ask(session, 'state', { environment })
    expect(whole.state).toEqual(Object.values(step.observations).flat())
  })

  it('steps a vector of several agents: as many single ones, by agent and copy', async () => {
    const config = { kind: 'hierarchical' }
    const { session, environment, result } = await made(config, 2)
    const single = await made(config)
    expect(result.possibleAgents).toEqual(single.result.possibleAgents)
    await ask(session, 'reset', { environment, seed: 5 })
    const seeded = { environment: single.environment, seed: 6 }
    await ask(single.session, 'reset', seeded)
    const many = {
      front: [1, 1],
      search: [0, 0],
      reports: [0, -1],
      meta: Array(2).fill([0, 1, 1, 1]),
    }
    const one = { front: 1, search: 0, reports: -1, meta: [0, 1, 1, 1] }
    const { result: step } = await ask(session, 'step', { environment, action: many })
    const { result: alone } = await ask(single.session, 'step', {
      environment: single.environment,
      action: one,
    })
    for (const agent of result.possibleAgents) {
      const width = result.observationSpaces[agent].low.length
      const second = floats(step.observations[agent]).slice(width)
      expect(second).toEqual([...Float32Array.from(alone.observations[agent])])
      expect(doubles(step.rewards[agent])[1]).toBe(alone.rewards[agent])
    }
    expect(doubles(step.infos.front.cost)[1]).toBe(alone.infos.front.cost)
    expect(Buffer.from(step.truncated, 'base64')).toHaveLength(2)
  })

  it('takes no action of a vector of several agents where one is wrong', async () => {
    const { session, environment } = await made({ kind: 'multi-agent' }, 2)
    await ask(session, 'reset', { environment, seed: 5 })
    const good = { front: [1, 1], search: [0, 0], reports: [0, 0] }
    const wrongs: [unknown, string][] = [
      [{ ...good, reports: [0, 7] }, 'actions.reports.1'],
      [{ ...good, reports: [0] }, 'actions.reports'],
      [{ ...good, other: [0, 0] }, 'agent'],
      [[0, 0], 'params.action'],
    ]
    for (const [action, field] of wrongs) {
      const { error } = await ask(session, 'step', { environment, action })
      expect(error.errors[0].field).toBe(field)
    }
    const { result } = await ask(session, 'step', { environment, action: good })
    expect(doubles(result.infos.front.tick)).toEqual([1, 1])
  })

  it('answers in the order in which it was asked', async () => {
    const session = newSession()
    const config = { ...SMALL, kind: 'single-service' }
    const answers = await Promise.all([
      ask(session, 'make', { config }, 1),
      ask(session, 'reset', { environment: 'e1' }, 2),
      ask(session, 'close', { environment: 'e1' }, 3),
      ask(session, 'reset', { environment: 'e1' }, 4),
    ])
    expect(answers.map(({ id }) => id)).toEqual([1, 2, 3, 4])
    expect(answers.map((answer) => 'result' in answer)).toEqual([true, true, true, false])
  })

  it('refuses more environments than its limit', async () => {
    const session = newSession()
    const load = { kind: 'synthetic', days: 3, stepSeconds: 600 }
    const config = { ...SMALL, kind: 'single-service', service: { load } }
    for (let i = 0; i < 64; i++)
      expect(await ask(session, 'make', { config })).toHaveProperty('result')
    const { error } = await ask(session, 'make', { config })
    expect(error.errors).toEqual([{ field: 'environments', value: 65, allowed: '64 at once' }])
    await ask(session, 'close', { environment: 'e7' })
    expect(await ask(session, 'make', { config })).toHaveProperty('result')
  })

  it('refuses more load than it may hold, before it is made', async () => {
    const session = newSession()
    const load = { kind: 'synthetic', days: 366, stepSeconds: 0.001 }
    const { error } = await ask(session, 'make', {
      config: { kind: 'single-service', service: { load } },
    })
    expect(error.errors[0]).toMatchObject({
      field: 'services.0.load',
      allowed: expect.stringMatching(/8000000 steps/),
    })
  })
})

describe('a wrong request is answered with field, value and what is allowed:', () => {
  const single = { ...SMALL, kind: 'single-service' }
  const e1 = { environment: 'e1' }

  it.each([
    ['an unknown method', 'fly', {}, 'method', 'fly', /hello.*step/],
    [
      'an unknown field',
      'make',
      { config: { ...single, colour: 1 } },
      'params.config.colour',
      1,
      /no such field/,
    ],
    [
      'an unknown kind',
      'make',
      { config: { kind: 'x' } },
      'params.config.kind',
      'x',
      /single-service/,
    ],
    [
      'a wrong number',
      'make',
      { config: { ...single, episodeTicks: 1 } },
      'params.config.episodeTicks',
      1,
      /at least 2/,
    ],
    [
      'a tick that does not fit',
      'make',
      { config: { ...single, tickSeconds: 7 } },
      'tickSeconds',
      7,
      /divisor.*60 s/,
    ],
    [
      'too long an episode',
      'make',
      { config: { ...single, episodeTicks: 999_999 } },
      'episodeTicks',
      999_999,
      /2 to 27359/,
    ],
    [
      'an unknown trace',
      'make',
      { config: { ...single, service: { load: { kind: 'trace', name: '../x' } } } },
      'trace',
      '../x',
      /nab-/,
    ],
    [
      'a vector of too many agents',
      'make',
      { config: { kind: 'multi-agent' }, count: 4000 },
      'params.count',
      4000,
      /1 to 1365 with 3 services/,
    ],
    [
      'two services of one name',
      'make',
      { config: { kind: 'multi-agent', services: [{}, {}] } },
      'params.config.services',
      expect.anything(),
      /different names/,
    ],
    [
      'a service called like the upper agent',
      'make',
      { config: { kind: 'hierarchical', services: [{ name: 'meta' }] } },
      'params.config.services',
      expect.anything(),
      /other than "meta"/,
    ],
    ['an unknown environment', 'reset', { environment: 'e9' }, 'params.environment', 'e9', /e1/],
    ['a wrong seed', 'reset', { ...e1, seed: -1 }, 'params.seed', -1, /./],
    [
      'several seeds for one',
      'reset',
      { ...e1, seed: [1, 2] },
      'params.seed',
      [1, 2],
      /one whole number/,
    ],
    ['a step before reset', 'step', { ...e1, action: 0 }, 'step', 'before reset', /reset first/],
    ['the state of a single service', 'state', e1, 'method', 'state', /several agents/],
  ])('%s', async (_, method, params, field, value, allowed) => {
    const { session } = await made({ kind: 'single-service' })
    const { id, error } = await ask(session, method, params, 77)
    expect(id).toBe(77)
    expect(error.code).toBe('invalid-request')
    expect(error.errors[0]).toEqual({ field, value, allowed: expect.stringMatching(allowed) })
  })

  it('a line that is no JSON, and one that is too long', async () => {
    const session = newSession()
    const { id, error } = JSON.parse(await session.handle('GET / HTTP/1.1'))
    expect(id).toBeNull()
    expect(error.errors[0]).toMatchObject({ field: 'line', allowed: 'one JSON object a line' })
    const long = JSON.parse(await session.handle('x'.repeat(1_000_001)))
    expect(long.error.errors[0]).toMatchObject({ field: 'line', value: '1000001 characters' })
  })

  it('an action of the wrong kind, after which the episode goes on as if nothing had been', async () => {
    const { session, environment } = await made({ kind: 'single-service' })
    await ask(session, 'reset', { environment, seed: 1 })
    for (const action of [2, 0.5, '1', null, [1], { a: 1 }]) {
      const { error } = await ask(session, 'step', { environment, action })
      expect(error.errors[0]).toEqual({
        field: 'action',
        value: action,
        allowed: 'a whole number from -1 to 1',
      })
    }
    const { result } = await ask(session, 'step', { environment, action: 1 })
    expect(result.info.tick).toBe(1)
  })
})
