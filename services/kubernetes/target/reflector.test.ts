/** One kind of object followed: what is listed again and what is not, and since when what is shown may be out of date. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../api.ts'
import { createReflector, type Reflector, type ReflectorOptions } from './reflector.ts'

const object = (name: string, version: string) => ({
  metadata: { namespace: 'shop', name, resourceVersion: version },
})
const listOf = (version: string, ...names: string[]) => ({
  metadata: { resourceVersion: version },
  items: names.map((name) => object(name, version)),
})
const event = (type: string, name: string, version: string) => ({
  type,
  object: object(name, version),
})
const bookmark = (version: string) => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: version } },
})

/** A watch that says its lines, and then stays open until it is ended. */
async function* open(lines: readonly unknown[], signal: AbortSignal): AsyncIterable<unknown> {
  yield* lines
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}

const opened: Reflector<string>[] = []
afterEach(() => {
  for (const one of opened.splice(0)) one.stop()
})

interface Server {
  /** Answers of list after list; the last one stays. */
  readonly lists: readonly unknown[]
  /** What watch after watch does; the last one stays. */
  readonly watches: readonly ((signal: AbortSignal) => AsyncIterable<unknown> | Error)[]
}

function reflect({ lists, watches }: Server) {
  const from: string[] = []
  let listed = 0
  const api: ReflectorOptions<string>['api'] = {
    async request() {
      const answer = lists[Math.min(listed++, lists.length - 1)]
      if (answer instanceof Error) throw answer
      return answer
    },
    async watch(_path, query, signal) {
      from.push(query.resourceVersion!)
      const lines = watches[Math.min(from.length, watches.length) - 1]!(signal)
      if (lines instanceof Error) throw lines
      return lines
    },
  }
  const reflector = createReflector<string>({
    ...{ api, path: '/apis/apps/v1/deployments', nowMs: () => 42, onError: () => {} },
    project: (seen) => (seen as ReturnType<typeof object>).metadata.resourceVersion,
  })
  opened.push(reflector)
  return { reflector, from }
}
const gone = () => new ApiError(410, 'Expired', 'too old resource version')

describe('what was listed', () => {
  it('is followed, and changes as the watch says', async () => {
    const lines = [
      event('ADDED', 'b', '6'),
      event('MODIFIED', 'a', '7'),
      event('DELETED', 'b', '8'),
    ]
    const { reflector, from } = reflect({
      lists: [listOf('5', 'a')],
      watches: [(signal) => open(lines, signal)],
    })
    await vi.waitFor(() => expect([...reflector.items]).toEqual([['shop/a', '7']]))
    expect(from).toEqual(['5'])
    expect(reflector.state()).toEqual({ kind: 'following', brokenSinceMs: undefined })
  })

  it('is out of date from the moment that it cannot be watched, also when it never was', async () => {
    const { reflector } = reflect({
      lists: [listOf('5', 'a')],
      watches: [() => new TypeError('fetch failed')],
    })
    await vi.waitFor(() =>
      expect(reflector.state()).toEqual({ kind: 'following', brokenSinceMs: 42 }),
    )
    expect([...reflector.items.keys()]).toEqual(['shop/a'])
  })

  it('is watched on from the last place when a watch ends or fails, and not listed again', async () => {
    const { reflector, from } = reflect({
      lists: [listOf('5', 'a')],
      watches: [
        async function* () {
          yield bookmark('9')
        },
        () => new ApiError(503, 'ServiceUnavailable', 'not now'),
        (signal) => open([], signal),
      ],
    })
    await vi.waitFor(() => expect(from).toEqual(['5', '9', '9']))
    await vi.waitFor(() =>
      expect(reflector.state()).toEqual({ kind: 'following', brokenSinceMs: undefined }),
    )
    expect(reflector.lists()).toBe(1)
  })

  it.each([
    ['refuses', gone],
    [
      'says in the watch',
      async function* () {
        yield { type: 'ERROR', object: { code: 410, reason: 'Expired', message: 'too old' } }
      },
    ],
  ])(
    'is listed again when the server %s that the place is forgotten; what went meanwhile is gone',
    async (_how, forgets) => {
      const { reflector, from } = reflect({
        lists: [listOf('5', 'a', 'b'), listOf('20', 'b')],
        watches: [forgets, (signal) => open([], signal)],
      })
      await vi.waitFor(() => expect(from).toEqual(['5', '20']))
      expect([...reflector.items]).toEqual([['shop/b', '20']])
      expect(reflector.lists()).toBe(2)
    },
  )
})

describe('what was listed and is refused', () => {
  const refusals = [
    [404, 'not-installed'],
    [403, 'forbidden'],
  ] as const
  const refused = (status: number) => new ApiError(status, '', '')
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it.each(refusals)(
    '(%i) is held as out of date for a while: an API server that starts knows neither kinds nor rights',
    async (status) => {
      const { reflector, from } = reflect({
        lists: [listOf('5', 'a', 'b'), ...Array(6).fill(refused(status)), listOf('20', 'b')],
        watches: [() => refused(status), (signal) => open([], signal)],
      })
      await vi.advanceTimersByTimeAsync(4000)
      expect(reflector.state()).toEqual({ kind: 'following', brokenSinceMs: 42 })
      expect([...reflector.items.keys()]).toEqual(['shop/a', 'shop/b'])
      await vi.advanceTimersByTimeAsync(40_000)
      expect(reflector.state()).toEqual({ kind: 'following', brokenSinceMs: undefined })
      expect([...reflector.items.keys()]).toEqual(['shop/b'])
      expect(from).toEqual(['5', '20'])
    },
  )

  it.each(refusals)('(%i) for longer than a start takes is gone', async (status, reason) => {
    const { reflector } = reflect({
      lists: [listOf('5', 'a'), refused(status)],
      watches: [() => refused(status)],
    })
    await vi.advanceTimersByTimeAsync(59_000)
    expect([...reflector.items.keys()]).toEqual(['shop/a'])
    await vi.advanceTimersByTimeAsync(12_000)
    expect(reflector.state()).toEqual({ kind: 'absent', reason })
    expect(reflector.items.size).toBe(0)
  })

  it('is asked for again soon, and more and more seldom', async () => {
    const { reflector } = reflect({ lists: [refused(404)], watches: [() => refused(404)] })
    const lists = []
    for (const ms of [59_000, 2000, 118_000, 2000, 1_000_000]) {
      await vi.advanceTimersByTimeAsync(ms)
      lists.push(reflector.lists())
    }
    // after 60, 120 and 240 s, then every 300 s
    expect(lists).toEqual([1, 2, 2, 3, 6])
  })
})

describe('a kind that is not there', () => {
  it.each([
    [404, 'not-installed'],
    [403, 'forbidden'],
  ] as const)('(%i) is known to be absent, and waited for by nobody', async (status, reason) => {
    const { reflector } = reflect({
      lists: [new ApiError(status, '', '')],
      watches: [(signal) => open([], signal)],
    })
    await reflector.listed
    expect(reflector.state()).toEqual({ kind: 'absent', reason })
  })
})
