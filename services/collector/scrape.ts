/** One round of questions: host, gateway and every live replica at once. Who does not answer is a state, not a crash. */
import type { ServiceId } from '../../forecaster/series.ts'
import { type HostedService, HostedServices } from '../shop/host-api.ts'
import { type Reading, readExposition } from './exposition.ts'
import type { Scrape } from './gather.ts'

export interface Scraper {
  scrape(atMs: number): Promise<{ scrape: Scrape; failures: string[] }>
}

export interface ScraperOptions {
  readonly hostUrl: string
  readonly gatewayUrl: string
  /** Longest wait for one answer, ms. */
  readonly timeoutMs: number
}

export function createScraper({ hostUrl, gatewayUrl, timeoutMs }: ScraperOptions): Scraper {
  async function get(url: string): Promise<string> {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    if (!response.ok) throw new Error(`${url} answered ${response.status}`)
    return response.text()
  }

  return {
    async scrape(atMs) {
      const failures: string[] = []
      const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
        try {
          return await work()
        } catch (error) {
          failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
          return undefined
        }
      }
      const [gateway, hosted] = await Promise.all([
        attempt('gateway', async () => readExposition(await get(`${gatewayUrl}/metrics`))),
        attempt(
          'host',
          async () => HostedServices.parse(JSON.parse(await get(`${hostUrl}/services`))).services,
        ),
      ])
      const replicas = new Map<string, readonly Reading[]>()
      await Promise.all(
        liveReplicas(hosted).map(async ({ id, url }) => {
          const readings = await attempt(`replica ${id}`, async () =>
            readExposition(await get(`${url}/metrics`)),
          )
          if (readings) replicas.set(id, readings)
        }),
      )
      return { scrape: { atMs, gateway, hosted, replicas }, failures }
    },
  }
}

const liveReplicas = (hosted: Readonly<Record<ServiceId, HostedService>> | undefined) =>
  Object.values(hosted ?? {}).flatMap((service) =>
    service.replicas.filter((r) => r.state === 'ready'),
  )
