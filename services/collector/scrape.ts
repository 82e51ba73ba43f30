/** One round of questions: host, gateway and every live replica at once. Who does not answer is a state, not a crash. */
import type { ServiceId } from '../../forecaster/series.ts'
import { type HostedService, HostedServices } from '../shop/host-api.ts'
import { type Reading, readExposition } from './exposition.ts'
import type { Scrape } from './gather.ts'

/** Who did not answer, or not as it should, and why. */
export interface Silence {
  /** `gateway`, `host`, or `replica <id>`. */
  readonly source: string
  readonly reason: string
}

export interface Scraper {
  scrape(atMs: number): Promise<{ scrape: Scrape; silences: Silence[] }>
}

export interface ScraperOptions {
  readonly hostUrl: string
  readonly gatewayUrl: string
  /** Longest time for the whole round, ms; less than a beat, so that who hangs never costs the next one. */
  readonly timeoutMs: number
}

export function createScraper({ hostUrl, gatewayUrl, timeoutMs }: ScraperOptions): Scraper {
  return {
    async scrape(atMs) {
      const signal = AbortSignal.timeout(timeoutMs)
      const silences: Silence[] = []
      const ask = async <T>(
        source: string,
        url: string,
        read: (text: string) => T,
      ): Promise<T | undefined> => {
        try {
          const response = await fetch(url, { signal })
          if (!response.ok) throw new Error(`${url} answered ${response.status}`)
          return read(await response.text())
        } catch (error) {
          silences.push({ source, reason: reasonOf(error) })
          return undefined
        }
      }

      async function askReplicas() {
        const hosted = await ask('host', `${hostUrl}/services`, readHosted)
        const replicas = new Map<string, readonly Reading[]>()
        await Promise.all(
          liveReplicas(hosted).map(async ({ id, url }) => {
            const readings = await ask(sourceOf(id), `${url}/metrics`, readExposition)
            if (readings) replicas.set(id, readings)
          }),
        )
        return { hosted, replicas }
      }

      const [gateway, { hosted, replicas }] = await Promise.all([
        ask('gateway', `${gatewayUrl}/metrics`, readExposition),
        askReplicas(),
      ])
      return { scrape: { atMs, gateway, hosted, replicas }, silences }
    },
  }
}

/** Everybody who answered. */
export function answeredIn({ gateway, hosted, replicas }: Scrape): ReadonlySet<string> {
  return new Set([
    ...(gateway ? ['gateway'] : []),
    ...(hosted ? ['host'] : []),
    ...[...replicas.keys()].map(sourceOf),
  ])
}

const sourceOf = (replicaId: string): string => `replica ${replicaId}`

const readHosted = (text: string) => HostedServices.parse(JSON.parse(text)).services

/** `fetch failed` says nothing: its cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? `${error.message} (${cause.message})` : error.message
}

const liveReplicas = (hosted: Readonly<Record<ServiceId, HostedService>> | undefined) =>
  Object.values(hosted ?? {}).flatMap((service) =>
    service.replicas.filter((r) => r.state === 'ready'),
  )
