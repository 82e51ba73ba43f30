/**
 * `npm run validate:theory`: mean waiting times of the request simulator against queueing theory, in ten settings. Each runs
 * until its 95 % interval is ± 0.7 % or the most batches are done; `-- --json` one object a line.
 */
import { Command } from 'commander'
import { seededRandom } from '../../datasets/random.ts'
import { createRequestPlant } from '../simulator/requests/plant.ts'
import { QUEUES, type Queue, simulateQueue } from './queues.ts'

interface Options {
  readonly json: boolean
  readonly seed: number
  readonly precision: number
}

const { json, seed, precision } = new Command('validate:theory')
  .option('--json', 'one object a line', false)
  .option('--seed <number>', 'of arrivals and service times', Number, 1)
  .option(
    '--precision <share>',
    'half of the 95 % interval ÷ the mean at which a run ends',
    Number,
    0.007,
  )
  .parse()
  .opts<Options>()

function compare(queue: Queue) {
  const { theory, name, utilization } = queue
  const { mean, standardError, requests } = simulateQueue(
    createRequestPlant,
    queue,
    { batchRequests: 200_000, fewestBatches: 30, mostBatches: 600, precision },
    (stream) => seededRandom('theory', seed, name, stream),
  )
  const error = mean / theory - 1
  const interval = (1.96 * standardError) / theory
  return { name, utilization, requests, theory, simulated: mean, error, interval }
}

const percent = (ratio: number): string => `${(100 * ratio).toFixed(2)} %`

const rows = QUEUES.map((queue) => {
  const row = compare(queue)
  if (json) process.stdout.write(`${JSON.stringify(row)}\n`)
  return row
})
if (!json)
  console.table(
    rows.map(({ name, utilization, requests, theory, simulated, error, interval }) => ({
      queue: name,
      utilization,
      'million requests': (requests / 1e6).toFixed(1),
      'wait ÷ service, theory': theory.toFixed(5),
      simulated: simulated.toFixed(5),
      error: percent(error),
      '± 95 %': percent(interval),
    })),
  )
