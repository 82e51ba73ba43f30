/** Ranges of seeds shared out among processes: each takes the next one when it is done with its last. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type DaysChoice, type RangeReport, runRange, type SeedRange } from './days.ts'

const WORKER = fileURLToPath(new URL('days-worker.ts', import.meta.url))

/** Rejects when a process ends before it has answered; the others are ended then. */
export async function runRanges(
  choice: DaysChoice,
  ranges: readonly SeedRange[],
  processes: number,
  done: (report: RangeReport) => void,
): Promise<void> {
  const queue = [...ranges]
  if (processes <= 1) {
    for (const range of queue) done(await runRange(choice, range))
    return
  }
  const workers = Array.from({ length: Math.min(processes, queue.length) }, () =>
    fork(WORKER, { serialization: 'advanced' }),
  )
  try {
    await Promise.all(workers.map((worker) => keepBusy(worker, choice, queue, done)))
  } finally {
    for (const worker of workers) if (worker.connected) worker.disconnect()
  }
}

function keepBusy(
  worker: ReturnType<typeof fork>,
  choice: DaysChoice,
  queue: SeedRange[],
  done: (report: RangeReport) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (): void => {
      const range = queue.shift()
      if (range) worker.send({ choice, range })
      else resolve()
    }
    worker.on('message', (report) => {
      // sent by days-worker.ts, and nobody else has the channel
      done(report as RangeReport)
      next()
    })
    worker.on('error', reject)
    worker.on('exit', (code, signal) => reject(new Error(`a process ended: ${signal ?? code}`)))
    next()
  })
}
