/** The series does not depend on the order in which samples arrive: 10,000 permutations, one hash. */
import { hash } from 'node:crypto'
import { expect, it } from 'vitest'
import { seededRandom } from '../../forecaster/random.ts'
import { lineOf, sampleOf } from './influx/lines.ts'
import { createSettle } from './influx/settle.ts'
import { createTail } from './influx/tail.ts'
import { createMemoryStore } from './memory.ts'
import type { Sample } from './sample-store.ts'

const PERMUTATIONS = 10_000
const NOW_MS = 1_795_248_000_000
const STEP_MS = 1000
const QUERY = {
  ...{ metric: 'm', services: ['a', 'b'], stepMs: STEP_MS },
  ...{ fromMs: NOW_MS - 8 * STEP_MS, toMs: NOW_MS },
}

/** Duplicates, other values for one instant, gaps, mixed spacing. */
const samples: Sample[] = [
  ...[0, 1, 1, 250, 999, 1000, 2500, 2500, 4000, 7999].map((ago, k) => ({
    ...{ service: 'a', metric: 'm', atMs: NOW_MS - 1 - ago, value: (k * 7) % 5 },
  })),
  ...[10, 10, 10, 3000, 6001].map((ago, k) => ({
    ...{ service: 'b', metric: 'm', atMs: NOW_MS - 1 - ago, value: k + 0.25 },
  })),
]

function shuffled<T>(all: readonly T[], random: () => number): T[] {
  const out = [...all]
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[out[i], out[j]] = [out[j]!, out[i]!]
  }
  return out
}

const hashOf = (cells: Float64Array) => hash('sha256', new Uint8Array(cells.buffer), 'hex')

it(`is one series in memory, in the tail and in what is sent, over ${PERMUTATIONS} permutations`, async () => {
  const random = seededRandom(11)
  const hashes = new Set<string>()
  const sent = new Set<string>()
  for (let n = 0; n < PERMUTATIONS; n++) {
    const order = shuffled(samples, random)
    const cut = Math.floor(random() * order.length)
    const store = createMemoryStore({ retentionMs: 3_600_000 })
    const tail = createTail(60_000)
    const settle = createSettle({
      tail,
      knownFromMs: () => 0,
      stored: async () => new Map(),
      onDamaged: () => {},
    })
    const server = new Map<string, number>()
    for (const batch of [order.slice(0, cut), order.slice(cut)]) {
      await store.append(batch, NOW_MS)
      tail.put(batch, NOW_MS)
      // the server keeps what was written last
      for (const line of await settle(batch.map(lineOf))) {
        const { service, atMs, value } = sampleOf(line)!
        server.set(`${service} ${atMs}`, value)
      }
    }
    hashes.add(hashOf(await store.grid(QUERY)))
    hashes.add(hashOf(tail.grid(QUERY)))
    sent.add(JSON.stringify([...server].sort()))
  }
  expect([hashes.size, sent.size]).toEqual([1, 1])
})
