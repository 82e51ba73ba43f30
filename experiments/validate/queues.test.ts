/** Short runs of the queues that `npm run validate:theory` runs for long: theory lies where chance lets it lie. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { createRequestPlant } from '../simulator/requests/plant.ts'
import { QUEUES, simulateQueue } from './queues.ts'

const LENGTH = { batchRequests: 40_000, fewestBatches: 24, mostBatches: 24, precision: 0 }

describe.each(QUEUES)('$name at $utilization', (queue) => {
  it('makes requests wait as long as theory says', () => {
    const { mean, standardError } = simulateQueue(createRequestPlant, queue, LENGTH, (stream) =>
      seededRandom('queues', queue.name, stream),
    )
    // 24 batches: outside of 4.4 standard errors by chance less than once in a thousand runs
    expect(Math.abs(mean - queue.theory)).toBeLessThan(4.4 * standardError)
    expect(standardError / queue.theory).toBeLessThan(0.1)
  })
})
