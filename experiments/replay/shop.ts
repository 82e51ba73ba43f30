/** The real shop with one service: host, gateway and replicas as processes of their own, whose counts are ordered here. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { AppConfig } from '../../services/config.ts'
import { HostedServices } from '../../services/shop/host-api.ts'
import { planParts } from '../../services/up/parts.ts'
import { type Supervised, supervise } from '../../services/up/supervised.ts'

const PARTS = ['host', 'gateway'] as const
const STOP_LIMIT_MS = 10_000
const READY_LIMIT_MS = 60_000
/** The gateway asks the host every 250 ms who is ready. */
const GATEWAY_KNOWS_MS = 600
const WIRE_SAMPLES = 40

export interface Shop {
  readonly gatewayUrl: string
  /** Told at once; returns when the order is on the host's disk. */
  order(replicas: number): Promise<void>
  /** Resolves when so many are ready, and the gateway knows. */
  settle(replicas: number): Promise<void>
  ready(): Promise<number>
  /** How long the last replicas took from their start until they were ready, seconds. */
  startupsSeconds(): Promise<number[]>
  /** Median of a round trip through gateway and replica that takes no service time, seconds. */
  wireSeconds(): Promise<number>
  stop(): Promise<void>
}

/** `config` names exactly one service. */
export async function startShop(config: AppConfig): Promise<Shop> {
  const [service = ''] = Object.keys(config.services)
  const folder = await mkdtemp(join(tmpdir(), 'forescale-replay-'))
  const configFile = join(folder, 'shop.yaml')
  await writeFile(configFile, stringify({ ...config, stateDir: folder }))
  const { parts, urls } = await planParts({
    ...{ config, configFile, stateDir: folder },
    env: process.env,
    only: PARTS,
  })
  const supervised = parts.map((spec) => supervise(spec, () => {}))
  const stop = async (): Promise<void> => {
    for (const part of supervised.toReversed()) await part.stop(STOP_LIMIT_MS)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await startInOrder(supervised)
  } catch (error) {
    await stop()
    throw error
  }
  return { ...faceOf(urls.host!, urls.gateway!, service), stop }
}

async function startInOrder(parts: readonly Supervised[]): Promise<void> {
  for (const part of parts) await part.start()
}

function faceOf(hostUrl: string, gatewayUrl: string, service: string): Omit<Shop, 'stop'> {
  let orders = 0
  const hosted = async () => {
    const answer = await fetch(`${hostUrl}/services`)
    return HostedServices.parse(await answer.json()).services[service]!
  }
  const ready = async () =>
    (await hosted()).replicas.filter(({ state }) => state === 'ready').length
  const order = async (replicas: number): Promise<void> => {
    const answer = await fetch(`${hostUrl}/services/${service}/replicas`, {
      method: 'PUT',
      body: JSON.stringify({ replicas, decisionId: `replay-${++orders}`, from: 0 }),
    })
    if (!answer.ok) throw new Error(`host: ${answer.status} ${await answer.text()}`)
  }
  return {
    gatewayUrl,
    order,
    ready,
    async settle(replicas) {
      await order(replicas)
      const givenUpMs = performance.now() + READY_LIMIT_MS
      while ((await hosted()).replicas.length !== replicas || (await ready()) !== replicas) {
        if (performance.now() > givenUpMs)
          throw new Error(`${replicas} replicas were not ready within ${READY_LIMIT_MS / 1000} s`)
        await sleep(100)
      }
      await sleep(GATEWAY_KNOWS_MS)
    },
    startupsSeconds: async () => (await hosted()).recentStartupsMs.map((ms) => ms / 1000),
    async wireSeconds() {
      const trips: number[] = []
      for (let i = 0; i < WIRE_SAMPLES; i++) {
        const sinceMs = performance.now()
        await (await fetch(`${gatewayUrl}/${service}/health`)).arrayBuffer()
        trips.push((performance.now() - sinceMs) / 1000)
      }
      return trips.sort((a, b) => a - b)[WIRE_SAMPLES / 2]!
    },
  }
}
