/**
 * One kind of object as the cluster holds it now: listed once, followed by a watch with bookmarks. A watch that ends goes
 * on where it was; only when the server has forgotten that place (410 Gone) is the list read again. Of each object only
 * what `project` keeps is held in memory.
 */
import { z } from 'zod'
import { ApiError, type ClusterApi, hasStatus } from '../api.ts'

const PAGE = 500
const FIRST_BACKOFF_MS = 200
/** When an API server is back, everything that hangs on a watch is late by so much. */
const LONGEST_BACKOFF_MS = 10_000
/** Servers send a bookmark every minute; after a longer silence the connection is taken to be dead. */
const SILENCE_MS = 150_000
/** Of a page, retries included. */
const LIST_DEADLINE_MS = 30_000
/** A kind that is not installed, or may not be read, is asked for again after so long, and then more and more seldom. */
const FIRST_ABSENT_RETRY_MS = 60_000
const LONGEST_ABSENT_RETRY_MS = 5 * 60_000
/** An API server that starts may say 403 and 404 of what it serves later: what was listed is held against it so long. */
const HELD_AGAINST_REFUSAL_MS = 60_000
/** A watch lasts so long at most, and as much again at random: a server that restarts does not see all of them at once. */
const WATCH_SECONDS = 300

export type ReflectorState =
  | { readonly kind: 'starting' }
  /** `sinceMs` undefined while the watch is up; else since when it is not. */
  | { readonly kind: 'following'; readonly brokenSinceMs: number | undefined }
  /** The kind is not there (404), or may not be read (403): nothing is known of it. */
  | { readonly kind: 'absent'; readonly reason: 'not-installed' | 'forbidden' }

export interface ReflectorOptions<T> {
  readonly api: Pick<ClusterApi, 'request' | 'watch'>
  /** Of the collection. */
  readonly path: string
  /** Narrows it: a fieldSelector. */
  readonly query?: Readonly<Record<string, string>>
  /** What is kept of an object; undefined: nothing of it. */
  readonly project: (object: unknown) => T | undefined
  /** `next` undefined: it is gone. */
  readonly onChange?: (key: string, next: T | undefined, before: T | undefined) => void
  readonly onError: (error: unknown) => void
  readonly nowMs: () => number
}

export interface Reflector<T> {
  /** By `namespace/name`. */
  readonly items: ReadonlyMap<string, T>
  /** Resolves when it was listed, or when it is known that it cannot be. */
  readonly listed: Promise<void>
  state(): ReflectorState
  /** What was just written and is known to be so before the watch tells. */
  put(key: string, item: T): void
  /** Lists begun so far. */
  lists(): number
  stop(): void
}

const Meta = z.object({
  metadata: z.object({
    namespace: z.string().optional(),
    name: z.string(),
    resourceVersion: z.string(),
  }),
})
const List = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(z.unknown()).nullable(),
})
const WatchEvent = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.unknown(),
})
const Bookmark = z.object({ metadata: z.object({ resourceVersion: z.string() }) })
const Failure = z.object({
  code: z.number().default(500),
  reason: z.string().default(''),
  message: z.string().default('the watch failed'),
})

export function createReflector<T>(options: ReflectorOptions<T>): Reflector<T> {
  const { api, path, query = {}, project, onChange, onError, nowMs } = options
  const { items, set, keepOnly } = createItems(onChange)
  const stopped = new AbortController()
  const listed = Promise.withResolvers<void>()
  let state: ReflectorState = { kind: 'starting' }
  let version: string | undefined
  let failures = 0
  let lists = 0
  const refusals = createRefusals()

  async function list(): Promise<string> {
    lists++
    const seen = new Set<string>()
    const at = await listAll(api, path, query, (object) => {
      const key = keyOf(object)
      seen.add(key)
      set(key, project(object))
    })
    keepOnly(seen)
    return at
  }

  function take(line: unknown): void {
    const { type, object } = WatchEvent.parse(line)
    if (type === 'ERROR') {
      const { code, reason, message } = Failure.parse(object)
      throw new ApiError(code, reason, message)
    }
    version = Bookmark.parse(object).metadata.resourceVersion
    failures = 0
    if (type === 'BOOKMARK') return
    set(keyOf(object), type === 'DELETED' ? undefined : project(object))
  }

  async function round(): Promise<void> {
    if (version === undefined) {
      version = await list()
      refusals.end()
      listed.resolve()
    }
    const onOpen = () => {
      state = { kind: 'following', brokenSinceMs: undefined }
    }
    await follow({ api, path, query, from: version, signal: stopped.signal, onOpen, take })
  }

  /** What was listed and could not be watched since is out of date too. */
  function notFollowing(): void {
    const isFollowing = state.kind === 'following' && state.brokenSinceMs === undefined
    if (isFollowing || (state.kind === 'starting' && version !== undefined))
      state = { kind: 'following', brokenSinceMs: nowMs() }
  }

  /** How long to wait before the next round, ms. */
  function afterFailure(error: unknown): number {
    notFollowing()
    if (hasStatus(error, 404) || hasStatus(error, 403)) return afterRefusal(error)
    // the place is forgotten: begin anew
    if (hasStatus(error, 410)) version = undefined
    else onError(error)
    return backoffMs(error, failures++)
  }

  /** The kind is not there or may not be read, or the server does not know yet. */
  function afterRefusal(error: unknown): number {
    version = undefined
    if (refusals.lastMs() < HELD_AGAINST_REFUSAL_MS && state.kind === 'following') {
      onError(error)
      return backoffMs(error, failures++)
    }
    state = { kind: 'absent', reason: hasStatus(error, 404) ? 'not-installed' : 'forbidden' }
    keepOnly(new Set())
    listed.resolve()
    return refusals.retryMs()
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      const waitMs = await round().then(() => 0, afterFailure)
      if (waitMs > 0 && !stopped.signal.aborted) await pause(waitMs, stopped.signal)
    }
  }

  void run()
  return {
    items,
    listed: listed.promise,
    state: () => state,
    put: set,
    lists: () => lists,
    stop() {
      stopped.abort()
      listed.resolve()
    },
  }
}

function createItems<T>(onChange: ReflectorOptions<T>['onChange']) {
  const items = new Map<string, T>()
  const set = (key: string, next: T | undefined): void => {
    const before = items.get(key)
    if (next === undefined) items.delete(key)
    else items.set(key, next)
    if (next !== undefined || before !== undefined) onChange?.(key, next, before)
  }
  const keepOnly = (seen: ReadonlySet<string>): void => {
    for (const key of [...items.keys()]) if (!seen.has(key)) set(key, undefined)
  }
  return { items, set, keepOnly }
}

/** Hands over every object, page by page; the version that they are of. */
async function listAll(
  api: Pick<ClusterApi, 'request'>,
  path: string,
  narrowed: Readonly<Record<string, string>>,
  take: (object: unknown) => void,
): Promise<string> {
  let token = ''
  for (;;) {
    const query = { ...narrowed, limit: String(PAGE), ...(token === '' ? {} : { continue: token }) }
    const answer = await api.request('GET', path, { query, deadlineMs: LIST_DEADLINE_MS })
    const { metadata, items } = List.parse(answer)
    for (const object of items ?? []) take(object)
    token = metadata.continue ?? ''
    if (token === '') return metadata.resourceVersion
  }
}

interface Follow {
  readonly api: Pick<ClusterApi, 'watch'>
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly from: string
  readonly signal: AbortSignal
  readonly onOpen: () => void
  readonly take: (line: unknown) => void
}

/** Until the server ends it, as it does every few minutes, or nothing is heard of it. */
async function follow(watched: Follow): Promise<void> {
  const { api, path, from, signal, onOpen, take } = watched
  const silence = new AbortController()
  const stop = () => silence.abort(new Error('the watch has fallen silent'))
  let timer = setTimeout(stop, SILENCE_MS)
  try {
    const query = {
      ...watched.query,
      resourceVersion: from,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(Math.round(WATCH_SECONDS * (1 + Math.random()))),
    }
    const lines = await api.watch(path, query, AbortSignal.any([signal, silence.signal]))
    onOpen()
    for await (const line of lines) {
      clearTimeout(timer)
      timer = setTimeout(stop, SILENCE_MS)
      take(line)
    }
  } finally {
    clearTimeout(timer)
  }
}

/** How long lists have been refused, and when to ask again. */
function createRefusals() {
  let sinceMs: number | undefined
  let retries = 0
  return {
    /** Of this one and all before it since the last `end`, ms. */
    lastMs(): number {
      sinceMs ??= performance.now()
      return performance.now() - sinceMs
    },
    retryMs: () => Math.min(LONGEST_ABSENT_RETRY_MS, FIRST_ABSENT_RETRY_MS * 2 ** retries++),
    end(): void {
      sinceMs = undefined
      retries = 0
    },
  }
}

function backoffMs(error: unknown, failures: number): number {
  const asked = error instanceof ApiError ? error.retryAfterMs : undefined
  const ownMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures)
  return Math.max(asked ?? 0, ownMs * (0.5 + Math.random() / 2))
}

function keyOf(object: unknown): string {
  const { namespace = '', name } = Meta.parse(object).metadata
  return `${namespace}/${name}`
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
