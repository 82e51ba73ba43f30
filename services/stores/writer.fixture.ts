/** Another process that writes: opens the store in argv[2] by the config in argv[3], appends each batch it is sent. */
import { AppConfig } from '../config.ts'
import { openStore } from './registry.ts'
import type { Sample } from './sample-store.ts'

const store = await openStore(AppConfig.parse(JSON.parse(process.argv[3]!)), process.argv[2]!)
process.on('message', async (batch: { samples: Sample[]; nowMs: number }) => {
  const report = await store.append(batch.samples, batch.nowMs)
  process.send!(report)
})
process.on('disconnect', () => process.exit(0))
process.send!('ready')
