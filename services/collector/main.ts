/** The collector as a process. Started by `forescale up`. */

import { systemClock } from '../clock.ts'
import { loadConfigFile } from '../config-file.ts'
import { readEpochMs } from '../load/epoch.ts'
import { readPartEnvironment, runPart } from '../part.ts'
import { openStore } from '../stores/registry.ts'
import { createLogger } from '../telemetry/log.ts'
import { startCollector } from './collector.ts'
import { preload } from './preload.ts'
import { createScraper } from './scrape.ts'

await runPart(async () => {
  const { configFile, stateDir, hostUrl, gatewayUrl } = readPartEnvironment(process.env)
  const config = loadConfigFile(configFile, process.env)
  const shop = config.shop
  if (!shop)
    throw new Error('shop: the collector scrapes the demo shop, and this configuration has none')
  const log = createLogger('collector', { env: process.env })
  const store = await openStore(config, stateDir)
  const preloaded = await preload({
    store,
    config,
    stateDir,
    epochMs: readEpochMs(stateDir),
    nowMs: Date.now(),
  })
  const collector = startCollector({
    scraper: createScraper({ hostUrl, gatewayUrl, timeoutMs: shop.heartbeatMs * 0.75 }),
    store,
    services: Object.keys(config.services),
    heartbeatMs: shop.heartbeatMs,
    clock: systemClock,
    onError: (error) => log.error({ err: error }, 'beat failed; the next one tries again'),
    onSilence: ({ source, reason }) => log.warn({ source, reason }, `${source} does not answer`),
    onAnswer: (source) => log.info({ source }, `${source} answers again`),
  })
  return {
    status() {
      const { beats, replicas, unanswered, skipped, silent } = collector.state()
      const now = silent.length > 0 ? ` (now: ${silent.join(', ')})` : ''
      const history = preloaded > 0 ? ` · ${preloaded} recorded samples as history` : ''
      return `${beats} beats · ${replicas} replicas scraped · ${unanswered} without answer${now} · ${skipped} skipped${history}`
    },
    async stop() {
      await collector.stop()
      await store.close()
    },
  }
})
