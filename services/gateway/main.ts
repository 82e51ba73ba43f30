/** Entry of the gateway, a part of `forescale up`. Ready when it knows the host's replicas. */
import { loadConfigFile } from '../config-file.ts'
import { type Part, readPartEnvironment, runPart } from '../part.ts'
import { startDiscovery } from './discovery.ts'
import { createGateway } from './gateway.ts'

const POLL_MS = 250
const FIRST_POLL_LIMIT_MS = 10_000
const CLOSE_LIMIT_MS = 3000
const nowMs = () => Date.now()

await runPart(start)

async function start(): Promise<Part> {
  const { configFile, gatewayUrl, hostUrl } = readPartEnvironment(process.env)
  const config = loadConfigFile(configFile, process.env)
  const gateway = createGateway({
    services: Object.keys(config.shop?.services ?? {}).map((name) => ({
      name,
      sloSeconds: config.services[name]!.slo.latencySeconds,
    })),
    random: Math.random,
    nowMs,
  })
  const { poolByService, server } = gateway
  const discovery = startDiscovery({
    hostUrl,
    poolByService,
    pollMs: POLL_MS,
    watcher: 'gateway',
    nowMs,
  })
  const { hostname, port } = new URL(gatewayUrl)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(Number(port), hostname, () => resolve())
  })
  const giveUpMs = nowMs() + FIRST_POLL_LIMIT_MS
  while (!discovery.hostAnswers() && nowMs() < giveUpMs) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    status() {
      const live = Array.from(
        poolByService,
        ([name, pool]) => `${name} ${pool.live() - pool.ejected()}`,
      )
      return `${gatewayUrl}  ${live.join('  ')}${discovery.hostAnswers() ? '' : '  (host does not answer)'}`
    },
    async stop() {
      discovery.stop()
      await gateway.close(CLOSE_LIMIT_MS)
    },
  }
}
