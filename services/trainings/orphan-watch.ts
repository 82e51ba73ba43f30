/**
 * Ends this process when its parent is gone, however that was ended: two processes must never write one training's files, and
 * the next controller goes on with them.
 */
import { workerData } from 'node:worker_threads'

const LOOK_EVERY_MS = 250

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL')
}, LOOK_EVERY_MS)
