/** Entry of the load generator, a part of `forescale up`: replays the workload against the gateway, a day in minutes. */
import { serve } from '@hono/node-server'
import { MOST_RATE, rateAt } from '../../datasets/workload.ts'
import type { AppConfig } from '../config.ts'
import { loadConfigFile } from '../config-file.ts'
import { type Part, readPartEnvironment, runPart } from '../part.ts'
import { createControlApp } from './control-app.ts'
import { readEpochMs } from './epoch.ts'
import { startGenerator } from './generator.ts'
import { createResults } from './results.ts'
import { createSender } from './sender.ts'
import { createSpikes } from './spikes.ts'

const MOST_IN_FLIGHT = 2000
const KEEP_RESULTS_MS = 2 * 60 * 60 * 1000
const STOP_LIMIT_MS = 2000
/** Unix time with fractions of a millisecond. */
const nowMs = () => performance.timeOrigin + performance.now()

await runPart(start)

async function start(): Promise<Part> {
  const { configFile, stateDir, gatewayUrl, loadUrl } = readPartEnvironment(process.env)
  const config = loadConfigFile(configFile, process.env)
  const { shop } = config
  if (!shop) throw new Error(`${configFile} has no section "shop": there is nothing to load`)
  const { dayMs, seed, workload } = shop
  const epochMs = readEpochMs(stateDir)
  const services = Object.entries(shop.services).map(([name, { peakRps }]) => ({ name, peakRps }))
  const names = services.map(({ name }) => name)
  const spikes = createSpikes()
  const results = createResults({
    sloSecondsByService: sloSeconds(config, names),
    keepMs: KEEP_RESULTS_MS,
  })
  const sender = createSender({
    gatewayUrl,
    services: names,
    mostInFlight: MOST_IN_FLIGHT,
    results,
    nowMs,
  })
  const generator = startGenerator({
    services,
    seed,
    epochMs,
    dayMs,
    share: (service, dayFraction, day) => rateAt(workload, service, dayFraction, day, seed),
    mostShare: MOST_RATE,
    spikes,
    send: sender.send,
    nowMs,
  })

  const status = () => {
    const now = nowMs()
    const days = (now - epochMs) / dayMs
    const offered = services.map((service) => [
      service.name,
      { offeredRps: generator.rateAt(service, now), inFlight: sender.inFlight(service.name) },
    ])
    return {
      workload,
      seed,
      dayMs,
      epochMs,
      day: Math.floor(days),
      phase: days - Math.floor(days),
      droppedSlots: generator.droppedSlots(),
      services: Object.fromEntries(offered),
      spikes: spikes.active(now),
    }
  }
  const { hostname, port } = new URL(loadUrl)
  const app = createControlApp({
    services: names,
    results,
    spikes,
    status,
    nowMs: () => Math.round(nowMs()),
  })
  const server = serve({ fetch: app.fetch, hostname, port: Number(port) })
  return {
    status() {
      const now = nowMs()
      const day = (now - epochMs) / dayMs
      const rps = services.reduce((sum, service) => sum + generator.rateAt(service, now), 0)
      const spiking = spikes
        .active(now)
        .map(({ service, factor }) => `  spike ${service} ×${factor}`)
      return `${workload}, day ${Math.floor(day)} ${clockTime(day)}  ${rps.toFixed(0)} requests/s${spiking.join('')}`
    },
    async stop() {
      generator.stop()
      await sender.close(STOP_LIMIT_MS)
      server.close()
    },
  }
}

function sloSeconds(config: AppConfig, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, config.services[name]!.slo.latencySeconds]))
}

/** Time of the compressed day as a clock shows it. */
function clockTime(day: number): string {
  const minutes = Math.floor((day - Math.floor(day)) * 24 * 60)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
