/**
 * InfluxDB 2 as sample store. A sample is acknowledged when it lies in the spool on disk (fdatasync) and in memory: from
 * then on neither a crash nor an absent server loses it, and the spool is sent in batches until the server has written
 * it. Reads send what is pending first, then ask the server. While that does not answer, ticks are served from the newest
 * samples in memory, and what those cannot cover is refused rather than taken for missing.
 */
import path from 'node:path'
import { createAvailability } from './availability.ts'
import type { InfluxStoreConfig } from './config.ts'
import { createInfluxClient, type InfluxClient } from './influx/client.ts'
import { messageOf } from './influx/errors.ts'
import { lineOf } from './influx/lines.ts'
import { createInfluxReader, type InfluxReader } from './influx/reader.ts'
import { createSender, type Sender } from './influx/sender.ts'
import { createSettle } from './influx/settle.ts'
import { bucketKeepsMs, coarseBucketOf } from './influx/setup.ts'
import { openSpool, type Spool } from './influx/spool.ts'
import { createTail, type Tail } from './influx/tail.ts'
import {
  AHEAD_LIMIT_MS,
  type GridQuery,
  type SampleStore,
  type StoreHealth,
  StoreUnavailable,
} from './sample-store.ts'
import { sanitise } from './sanitise.ts'
import { readToken } from './secret.ts'

const MINUTE_MS = 60_000
const TAIL_MS = 15 * MINUTE_MS
const SEND_TIMEOUT_MS = 10_000

export interface InfluxStoreOptions {
  readonly config: InfluxStoreConfig
  readonly folder: string
  readonly retentionMs: number
  /** How long an open circuit waits; for tests. */
  readonly retryAfterMs?: number | undefined
  readonly client?: InfluxClient | undefined
}

interface Parts {
  readonly options: InfluxStoreOptions
  readonly client: InfluxClient
  readonly reader: InfluxReader
  readonly spool: Spool
  readonly tail: Tail
  readonly sender: Sender
  readonly availability: ReturnType<typeof createAvailability>
  /** From here on every sample passed through this process, as far as it is the only one that writes its services. */
  readonly noteNow: (nowMs: number) => void
}

export async function openInfluxStore(options: InfluxStoreOptions): Promise<SampleStore> {
  const { config, folder } = options
  const { url, org, bucket, timeoutMs, flushMs, batchSize, spoolBytes } = config
  const client =
    options.client ?? createInfluxClient({ url, org, token: readToken(config), way: config })
  const reader = createInfluxReader({ client, bucket, timeoutMs })
  const spool = await openSpool({ folder: path.join(folder, 'spool'), mostBytes: spoolBytes })
  const tail = createTail(TAIL_MS)
  let firstNowMs = Number.POSITIVE_INFINITY
  let nowMs = 0
  const sender = createSender({
    ...{ spool, batchSize, flushMs },
    nowMs: Date.now,
    random: Math.random,
    send: (lines) => client.write(bucket, lines, SEND_TIMEOUT_MS),
    settle: createSettle({
      tail,
      // a process before this one may have stored what lay ahead of its clock
      knownFromMs: () => Math.max(firstNowMs + AHEAD_LIMIT_MS, nowMs - TAIL_MS),
      stored: reader.points,
      onDamaged: () => {},
    }),
  })
  const availability = createAvailability({
    nowMs: Date.now,
    retryAfterMs: options.retryAfterMs,
  })
  sender.kick()
  return storeOver({
    ...{ options, client, reader, spool, tail, sender, availability },
    noteNow(atMs) {
      firstNowMs = Math.min(firstNowMs, atMs)
      nowMs = Math.max(nowMs, atMs)
    },
  })
}

function storeOver(parts: Parts): SampleStore {
  const { options, client, reader, spool, tail, sender, availability } = parts
  const { config, retentionMs } = options
  let keeps: number | undefined

  /** What the server says, with all that was acknowledged; else what memory can vouch for. */
  async function ask<T>(
    fromServer: () => Promise<T>,
    fromMemory: (() => T) | undefined,
  ): Promise<T> {
    const complete = await sender.drain()
    if (!complete && fromMemory) return fromMemory()
    try {
      return await availability.ask(fromServer)
    } catch (cause) {
      if (fromMemory) return fromMemory()
      throw new StoreUnavailable(`${config.url} does not answer: ${messageOf(cause)}`, { cause })
    }
  }

  return {
    async append(samples, nowMs) {
      const { kept, report } = sanitise(samples, { nowMs, retentionMs })
      if (kept.length === 0) return report
      parts.noteNow(nowMs)
      await spool.append(kept.map(lineOf))
      tail.put(kept, nowMs)
      sender.kick()
      return report
    },
    grid(query) {
      const memory = tail.covers(query.fromMs) && tail.size() > 0
      return ask(() => gridOf(parts, query), memory ? () => tail.grid(query) : undefined)
    },
    latest: (metric, atMs) =>
      ask(
        () => reader.newest(metric, Math.max(0, atMs - retentionMs - MINUTE_MS), atMs),
        tail.size() > 0 ? () => tail.latest(metric, atMs) : undefined,
      ),
    inventory: () => ask(() => reader.inventory(0), undefined),
    async prune(beforeMs) {
      try {
        keeps ??= await ask(() => bucketKeepsMs(client, config), undefined)
        // a bucket that forgets by itself does so in whole shards, which costs it nothing
        return keeps > 0 ? 0 : await ask(() => deleteBefore(parts, beforeMs), undefined)
      } catch (error) {
        // the next time will do as well; a tick must not fail of it
        if (error instanceof StoreUnavailable) return 0
        throw error
      }
    },
    health: () => healthOf(parts),
    async close() {
      await sender.close()
      await spool.close()
    },
  }
}

/** Of what is older than the fine bucket keeps, the coarse copy speaks, where the steps are whole ones of it. */
async function gridOf({ options, reader }: Parts, query: GridQuery): Promise<Float64Array> {
  const { config, retentionMs } = options
  const { everyMs } = config.downsample
  const { fromMs, toMs, stepMs, services } = query
  const fineFromMs = Math.ceil((Date.now() - retentionMs) / stepMs) * stepMs
  if (fromMs >= fineFromMs || stepMs % everyMs !== 0 || fromMs % everyMs !== 0)
    return reader.grid(query)
  const splitMs = Math.min(toMs, fineFromMs)
  const coarse = { bucket: coarseBucketOf(config), everyMs }
  const [old, fine] = await Promise.all([
    reader.coarseGrid({ ...query, toMs: splitMs }, coarse),
    reader.grid({ ...query, fromMs: splitMs }),
  ])
  const [oldSteps, fineSteps] = [old.length / services.length, fine.length / services.length]
  const both = new Float64Array(old.length + fine.length)
  services.forEach((_, row) => {
    both.set(old.subarray(row * oldSteps, (row + 1) * oldSteps), row * (oldSteps + fineSteps))
    const at = row * (oldSteps + fineSteps) + oldSteps
    both.set(fine.subarray(row * fineSteps, (row + 1) * fineSteps), at)
  })
  return both
}

async function deleteBefore({ options, client, reader }: Parts, beforeMs: number): Promise<number> {
  const count = await reader.countBefore(beforeMs)
  if (count === 0) return 0
  const { org, bucket, timeoutMs } = options.config
  const path = `/api/v2/delete?org=${encodeURIComponent(org)}&bucket=${encodeURIComponent(bucket)}`
  const range = {
    start: new Date(0).toISOString(),
    stop: new Date(beforeMs - 1).toISOString(), // the last instant that goes
  }
  await client.json('POST', path, range, 10 * timeoutMs)
  return count
}

function healthOf({ options, spool, sender, availability }: Parts): StoreHealth {
  const { failingSinceMs, lastError, sent, refused, failures } = sender.state()
  const { lines, bytes } = spool.pending()
  const readsSinceMs = availability.failingSinceMs()
  const sinceMs = Math.min(failingSinceMs ?? Infinity, readsSinceMs ?? Infinity)
  const counts = {
    sent,
    refused,
    'failed-writes': failures,
    'failed-reads': availability.failures(),
  }
  const pending = { pendingSamples: lines, counts }
  if (sinceMs === Infinity)
    return { state: 'ok', detail: `${options.config.url}, ${sent} samples written`, ...pending }
  const what = [
    ...(failingSinceMs === undefined ? [] : [`writes fail (${lastError})`]),
    ...(readsSinceMs === undefined ? [] : [`reads fail (${messageOf(availability.lastError())})`]),
  ]
  const detail = `${options.config.url}: ${what.join(', ')}; ${lines} samples (${bytes} bytes) wait on disk, ticks go on from memory`
  return { state: 'degraded', sinceMs, detail, ...pending }
}
