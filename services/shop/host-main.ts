/** Entry of the process host, a part of `forescale up`. Ready once the first replicas are. */
import path from 'node:path'
import { serve } from '@hono/node-server'
import { loadConfigFile } from '../config-file.ts'
import { type Part, readPartEnvironment, runPart } from '../part.ts'
import { createHost, type Host } from './host.ts'
import { createHostApp } from './host-app.ts'
import { openJournal } from './journal.ts'
import { startReplicaProcess } from './replica-process.ts'
import { createWatchers } from './watchers.ts'

const FIRST_REPLICAS_LIMIT_MS = 15_000
const STOP_LIMIT_MS = 5000
const nowMs = () => Date.now()

await runPart(start)

async function start(): Promise<Part> {
  const { configFile, stateDir, hostUrl } = readPartEnvironment(process.env)
  const config = loadConfigFile(configFile, process.env)
  const { shop } = config
  if (!shop) throw new Error(`${configFile} has no section "shop": there is nothing to host`)
  const watchers = createWatchers()
  const host = createHost({
    services: Object.entries(shop.services).map(([service, settings]) => ({
      settings: { service, seed: shop.seed, ...settings },
      initialReplicas: config.services[service]?.minReplicas ?? 1,
    })),
    drainTimeoutMs: shop.drainTimeoutMs,
    journal: await openJournal(path.join(stateDir, 'host', 'applied.jsonl')),
    start: startReplicaProcess,
    watchers,
    nowMs,
  })
  process.on('exit', () => host.kill()) // also when told to stop before the first replicas are ready
  const { hostname, port } = new URL(hostUrl)
  const server = serve({
    fetch: createHostApp(host, watchers, nowMs).fetch,
    hostname,
    port: Number(port),
  })
  await firstReplicas(host)
  return {
    status: () => statusLine(host),
    async stop() {
      await host.stop(Math.min(STOP_LIMIT_MS, shop.drainTimeoutMs))
      server.close()
    },
  }
}

async function firstReplicas(host: Host): Promise<void> {
  const missing = () =>
    Object.values(host.services().services).some(
      ({ requested, replicas }) => replicas.filter((r) => r.state === 'ready').length < requested,
    )
  const giveUpMs = nowMs() + FIRST_REPLICAS_LIMIT_MS
  while (missing() && nowMs() < giveUpMs) await new Promise((resolve) => setTimeout(resolve, 50))
}

function statusLine(host: Host): string {
  return Object.entries(host.services().services)
    .map(([name, { requested, replicas }]) => {
      const ready = replicas.filter((r) => r.state === 'ready').length
      return `${name} ${ready}/${requested}`
    })
    .join('  ')
}
