/**
 * The demo as the API sees it: the load generator's control API, the compressed day's epoch and what the
 * collector preloaded. Outside the demo there is no such port, and the routes answer 404.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { ServiceId } from '../../forecaster/series.ts'
import type { ShopConfig } from '../shop/config.ts'

export const SpikeRequest = z
  .strictObject({
    service: ServiceId,
    factor: z
      .number()
      .min(0)
      .max(100)
      .meta({ description: 'The load is multiplied by this while the spike lasts.' }),
    durationMs: z.int().min(100).max(86_400_000),
  })
  .meta({ id: 'SpikeRequest' })
export type SpikeRequest = z.infer<typeof SpikeRequest>

export const Spike = z
  .looseObject({
    id: z.string(),
    service: ServiceId,
    factor: z.number(),
    durationMs: z.number(),
  })
  .meta({ id: 'Spike', description: 'A spike as the load generator reports it.' })
export type Spike = z.infer<typeof Spike>

export const Recording = z
  .strictObject({
    fromMs: z.number(),
    toMs: z
      .number()
      .meta({ description: 'Values before this instant are recorded, not measured now.' }),
    source: z.string().meta({ description: 'Where the recording comes from.' }),
  })
  .meta({ id: 'Recording' })
export type Recording = z.infer<typeof Recording>

export const DemoView = z
  .strictObject({
    workload: z.string(),
    dayMs: z.number(),
    epochMs: z
      .number()
      .nullable()
      .meta({ description: 'Phase of the day = ((now − epochMs) mod dayMs) / dayMs.' }),
    recording: Recording.nullable(),
    spikes: z.array(Spike),
  })
  .meta({ id: 'Demo' })
export type DemoView = z.infer<typeof DemoView>

export interface DemoPort {
  view(): Promise<DemoView>
  recording(): Promise<Recording | null>
  startSpike(request: SpikeRequest): Promise<Spike>
  /** false when there is no such spike. */
  stopSpike(id: string): Promise<boolean>
}

/** The load generator does not answer, or answers what it should not. */
export class ShopUnreachable extends Error {}

const TIMEOUT_MS = 2000
const EpochFile = z.object({ epochMs: z.number() })
const RecordingFile = z.object({ fromMs: z.number(), toMs: z.number(), source: z.string() })
const SpikeList = z.union([z.array(Spike), z.object({ items: z.array(Spike) })])

export function createDemoPort(options: {
  readonly loadUrl: string
  readonly stateDir: string
  readonly shop: () => Pick<ShopConfig, 'workload' | 'dayMs'>
}): DemoPort {
  const { loadUrl, stateDir, shop } = options
  const recording = async () => {
    const stored = await readState(path.join(stateDir, 'preload.json'), RecordingFile)
    return stored ? { fromMs: stored.fromMs, toMs: stored.toMs, source: stored.source } : null
  }
  return {
    recording,
    async view() {
      const spikes = SpikeList.parse(await call(loadUrl, 'GET', '/spikes'))
      const epoch = await readState(path.join(stateDir, 'demo-epoch.json'), EpochFile)
      return {
        workload: shop().workload,
        dayMs: shop().dayMs,
        epochMs: epoch?.epochMs ?? null,
        recording: await recording(),
        spikes: 'items' in spikes ? spikes.items : spikes,
      }
    },
    async startSpike(request) {
      const answer = await call(loadUrl, 'POST', '/spikes', request)
      return Spike.parse({ ...request, ...z.object({ id: z.string() }).loose().parse(answer) })
    },
    async stopSpike(id) {
      return (await call(loadUrl, 'DELETE', `/spikes/${encodeURIComponent(id)}`)) !== undefined
    },
  }
}

/** The JSON answer; undefined for 404; null for an empty answer. */
async function call(base: string, method: string, at: string, body?: object): Promise<unknown> {
  const request: RequestInit = { method, signal: AbortSignal.timeout(TIMEOUT_MS) }
  if (body) {
    request.body = JSON.stringify(body)
    request.headers = { 'content-type': 'application/json' }
  }
  try {
    const response = await fetch(new URL(at, base), request)
    const text = await response.text()
    if (response.status === 404) return undefined
    if (!response.ok) throw new Error(`${method} ${at} answered ${response.status}: ${text}`)
    return text === '' ? null : JSON.parse(text)
  } catch (cause) {
    throw new ShopUnreachable(`the load generator at ${base} failed: ${String(cause)}`, { cause })
  }
}

async function readState<Schema extends z.ZodType>(file: string, schema: Schema) {
  try {
    return schema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data
  } catch {
    return undefined // absent or half written: as good as not there
  }
}
