/** Ours, in a process of its own: reads which row and seed from standard input, writes what it then earns. */
import { json } from 'node:stream/consumers'
import { z } from 'zod'
import { returnsOf, trainOn } from './play.ts'
import type { Played } from './results.ts'
import { ROWS } from './rows.ts'

/** No seed of training is so large. */
const JUDGING_SEED = 1_000_000

const Task = z.object({
  row: z.enum(ROWS.map(({ name }) => name)),
  seed: z.int().min(0),
  steps: z.int().min(1),
  episodes: z.int().min(0),
})

const { row: name, seed, steps, episodes } = Task.parse(await json(process.stdin))
const { game, ours, count } = ROWS.find((one) => one.name === name)!
const begun = performance.now()
const { learner, seconds } = trainOn(game, ours, { count, steps, seed })
const wallSeconds = (performance.now() - begun) / 1000
const played: Played = {
  returns: returnsOf(game, learner, episodes, JUDGING_SEED + seed),
  seconds,
  wallSeconds,
}
process.stdout.write(`${JSON.stringify(played)}\n`)
