/** A process that trains for the controller: the command line, ended as soon as the controller is gone. */
import { Worker } from 'node:worker_threads'
import { main } from '../cli/main.ts'

// rounds are long and nothing is heard within them: another thread looks
const watch = new Worker(new URL('./orphan-watch.ts', import.meta.url), {
  workerData: Number(process.env.FORESCALE_TRAINS_FOR),
})
watch.unref()
process.exitCode = await main()
