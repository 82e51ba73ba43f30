/**
 * A worker as a process, for tests that kill it: `node test-worker.ts URL PREFIX LOCK_MS CODE JOURNAL`. It does jobs of the kind
 * `fit` whose payload says how long they take and how often they fail, and writes every beginning and end to the journal.
 */
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { createBullmqQueue } from './bullmq-queue.ts'
import { JobsConfig } from './config.ts'

export const Chore = z.object({
  n: z.int(),
  ms: z.number(),
  /** Fails until a file of this name is there. */
  unless: z.string().optional(),
})

const [address = '', prefix = '', lockMs = '', code = '', journal = ''] = process.argv.slice(2)
const config = JobsConfig.parse({
  ...{ prefix, lockMs: Number(lockMs), mostStalls: 100, backoffMs: 50, longestBackoffMs: 500 },
})
const write = (line: string): void => appendFileSync(journal, `${line} ${process.pid}\n`)
const queue = createBullmqQueue({ address, config, random: Math.random, code })
await queue.work(
  {
    fit: async (payload) => {
      const { n, ms, unless } = Chore.parse(payload)
      write(`begun ${n}`)
      await sleep(ms)
      if (unless !== undefined) throw new Error(`${n} cannot be done`)
      write(`ended ${n}`)
      return { n, square: n * n }
    },
  },
  { threads: 2 },
)
process.stdout.write('taking jobs\n')
