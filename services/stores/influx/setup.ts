/**
 * What the server must have: the bucket of samples with its retention, the bucket of the coarse copy, and the task that
 * fills it. Made where it is not, changed where it differs, else left alone; so it can be run again at any time.
 */
import { z } from 'zod'
import type { InfluxStoreConfig } from '../config.ts'
import type { InfluxClient } from './client.ts'
import { InfluxAnswerError } from './errors.ts'
import { coarseTaskFlux } from './queries.ts'

const SECOND_MS = 1000
const Bucket = z.object({
  id: z.string(),
  name: z.string(),
  retentionRules: z.array(z.object({ everySeconds: z.number() })).default([]),
})
const Buckets = z.object({ buckets: z.array(Bucket).default([]) })
const Orgs = z.object({ orgs: z.array(z.object({ id: z.string(), name: z.string() })).default([]) })
const Task = z.object({ id: z.string(), name: z.string(), flux: z.string() })
const Tasks = z.object({ tasks: z.array(Task).default([]) })

export interface SetupStep {
  readonly what: string
  readonly done: 'created' | 'changed' | 'unchanged'
}

export const coarseBucketOf = ({ bucket }: Pick<InfluxStoreConfig, 'bucket'>): string =>
  `${bucket}_coarse`

export async function setUpInflux(
  client: InfluxClient,
  config: InfluxStoreConfig,
  retentionMs: number,
): Promise<SetupStep[]> {
  const { bucket, downsample } = config
  const coarse = coarseBucketOf(config)
  const orgId = await orgIdOf(client, config)
  return [
    await ensureBucket(client, config, orgId, bucket, retentionMs),
    await ensureBucket(client, config, orgId, coarse, downsample.retentionMs),
    await ensureTask(client, config, orgId, {
      name: `${bucket} to ${coarse}`,
      flux: coarseTaskFlux(`${bucket} to ${coarse}`, bucket, coarse, downsample.everyMs),
    }),
  ]
}

/** How long the server keeps the bucket's points by itself, ms; 0: for ever. Throws when there is no such bucket. */
export async function bucketKeepsMs(
  client: InfluxClient,
  config: InfluxStoreConfig,
): Promise<number> {
  const found = await findBucket(client, config, config.bucket)
  if (!found)
    throw new InfluxAnswerError(
      `bucket: ${config.org} has no ${config.bucket}; forescale store setup makes it`,
    )
  return keepsMs(found)
}

const keepsMs = ({ retentionRules }: z.infer<typeof Bucket>): number =>
  (retentionRules[0]?.everySeconds ?? 0) * SECOND_MS

async function findBucket(
  client: InfluxClient,
  { org, timeoutMs }: InfluxStoreConfig,
  name: string,
) {
  const query = new URLSearchParams({ org, name }).toString()
  const answer = await client
    .json('GET', `/api/v2/buckets?${query}`, undefined, 5 * timeoutMs)
    .catch(noneWhere404)
  return Buckets.parse(answer ?? {}).buckets.find((one) => one.name === name)
}

function noneWhere404(error: unknown): undefined {
  if (error instanceof Error && 'statusCode' in error && error.statusCode === 404) return undefined
  throw error
}

async function orgIdOf(client: InfluxClient, { org, timeoutMs }: InfluxStoreConfig) {
  const query = new URLSearchParams({ org }).toString()
  const answer = await client
    .json('GET', `/api/v2/orgs?${query}`, undefined, 5 * timeoutMs)
    .catch(noneWhere404)
  const found = Orgs.parse(answer ?? {}).orgs.find((one) => one.name === org)
  if (found) return found.id
  throw new InfluxAnswerError(`org: the server knows no ${org}, or the token may not see it`)
}

async function ensureBucket(
  client: InfluxClient,
  config: InfluxStoreConfig,
  orgID: string,
  name: string,
  retentionMs: number,
): Promise<SetupStep> {
  const everySeconds = Math.ceil(retentionMs / SECOND_MS)
  const retentionRules = [{ type: 'expire', everySeconds }]
  const what = `bucket ${name}, kept ${Math.round(everySeconds / 360) / 10} h`
  const limitMs = 5 * config.timeoutMs
  const found = await findBucket(client, config, name)
  if (!found) {
    await client.json('POST', '/api/v2/buckets', { orgID, name, retentionRules }, limitMs)
    return { what, done: 'created' }
  }
  if (keepsMs(found) === everySeconds * SECOND_MS) return { what, done: 'unchanged' }
  await client.json('PATCH', `/api/v2/buckets/${found.id}`, { retentionRules }, limitMs)
  return { what, done: 'changed' }
}

async function ensureTask(
  client: InfluxClient,
  { timeoutMs }: InfluxStoreConfig,
  orgID: string,
  { name, flux }: { readonly name: string; readonly flux: string },
): Promise<SetupStep> {
  const what = `task ${name}`
  const query = new URLSearchParams({ orgID, name }).toString()
  const answer = await client.json('GET', `/api/v2/tasks?${query}`, undefined, 5 * timeoutMs)
  const found = Tasks.parse(answer).tasks.find((one) => one.name === name)
  if (!found) {
    await client.json('POST', '/api/v2/tasks', { orgID, flux, status: 'active' }, 5 * timeoutMs)
    return { what, done: 'created' }
  }
  if (found.flux.trim() === flux.trim()) return { what, done: 'unchanged' }
  await client.json('PATCH', `/api/v2/tasks/${found.id}`, { flux, status: 'active' }, 5 * timeoutMs)
  return { what, done: 'changed' }
}
