/**
 * Another process that, when told to begin, records ticks without a pause, says each that is durable, and is killed in
 * the middle.
 */
import { once } from 'node:events'
import { AppConfig } from '../config.ts'
import { openLedger } from './registry.ts'
import { decisionOf, forecastOf, tickOf } from './test-rows.ts'

const [folder, config, decisions] = process.argv.slice(2)
process.on('disconnect', () => process.exit(0))
await once(process, 'message')
const ledger = await openLedger(AppConfig.parse(JSON.parse(config!)), folder!)
let tick = ((await ledger.lastTick())?.tick ?? 0) + 1
for (;;) {
  const services = Array.from({ length: Number(decisions) }, (_, i) => `svc-${i}`)
  await ledger.openTick(
    tickOf(tick),
    services.map((service) => decisionOf(tick, service)),
    services.map((service) => forecastOf(service)),
  )
  await new Promise<void>((resolve) => process.send!(tick, () => resolve()))
  tick++
}
