/**
 * How many requests the request simulator gets through, beside SimPy with the same queue in the same run: M/M/c, arrivals,
 * waiting, service. Processor time of one thread, the least of several turns, so that a busy machine takes from neither.
 * Both waiting times must be near Erlang's first, or the two are not the same queue.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { seededRandom } from '../../../datasets/random.ts'
import { createRequestPlant } from '../../simulator/requests/plant.ts'
import { queueScenario } from '../../validate/queues.ts'
import { waitingMMc } from '../../validate/waiting.ts'
import type { Figure } from '../timing.ts'

const INSTALL = fileURLToPath(new URL('../peers/install-simpy.sh', import.meta.url))
const PEER = fileURLToPath(new URL('../peers/simpy_peer.py', import.meta.url))
const UTILIZATION = 0.8
const SERVICE_SECONDS = 0.1
const REQUESTS = 2_000_000
const PEER_REQUESTS = 100_000
const RUNS = 3
/** Far more than chance makes of these many requests, far less than another model would. */
const AGREEMENT = 0.25

const Answer = z.object({
  version: z.string(),
  requests: z.number(),
  seconds: z.number(),
  waitingSeconds: z.number(),
})

interface Timed {
  readonly perSecond: number
  readonly waitingSeconds: number
}

/** Throws what the shell or Python says where SimPy cannot be had. */
export function benchRequests(): Figure[] {
  const python = execFileSync('sh', [INSTALL], { stdio: ['ignore', 'pipe', 'inherit'] })
    .toString()
    .trim()
  return [10, 100].map((servers) => {
    const theirs = simpy(python, servers)
    const ours = simulated(servers)
    const theory = waitingMMc(servers, UTILIZATION) * SERVICE_SECONDS
    for (const [who, { waitingSeconds }] of Object.entries({ ours, theirs }))
      assert.ok(
        Math.abs(waitingSeconds - theory) < AGREEMENT * theory + 0.01 * SERVICE_SECONDS,
        `waiting time of ${who}: ${waitingSeconds} s, theory: ${theory} s`,
      )
    return {
      name: `simulator.requests.mm${servers}`,
      value: ours.perSecond / 1e6,
      unit: 'million requests/s',
      peer: `SimPy ${theirs.version}, the same queue, ${Math.round(theirs.perSecond / 1000)} thousand/s`,
      ratio: ours.perSecond / theirs.perSecond,
    }
  })
}

function simpy(python: string, servers: number): Timed & { readonly version: string } {
  const task = { servers, utilization: UTILIZATION, serviceSeconds: SERVICE_SECONDS }
  const input = `${JSON.stringify({ ...task, requests: PEER_REQUESTS, runs: RUNS, seed: 1 })}\n`
  const answer = Answer.parse(JSON.parse(execFileSync(python, [PEER], { input, encoding: 'utf8' })))
  const { version, requests, seconds, waitingSeconds } = answer
  return { version, perSecond: requests / seconds, waitingSeconds }
}

function simulated(servers: number): Timed {
  const batches = 20
  const scenario = queueScenario(
    {
      ...{ name: 'M/M/c', servers, utilization: UTILIZATION },
      serviceTime: { distribution: 'exponential', cv: 1 },
      theory: waitingMMc(servers, UTILIZATION),
    },
    batches,
    REQUESTS / batches,
  )
  let perSecond = 0
  let waitingSeconds = 0
  for (let run = 0; run <= RUNS; run++) {
    const random = (name: string) => seededRandom('bench', servers, run, name)
    const plant = createRequestPlant(scenario, { initial: [1], random })
    const before = process.cpuUsage()
    let requests = 0
    let latencySeconds = 0
    for (let batch = 0; batch < batches; batch++) {
      const { arrivals, latencyMeanSeconds } = plant.advance([1])[0]!
      requests += arrivals
      latencySeconds += arrivals * latencyMeanSeconds
    }
    const { user, system } = process.cpuUsage(before)
    // the first is not counted
    if (run > 0) perSecond = Math.max(perSecond, requests / ((user + system) / 1e6))
    waitingSeconds = latencySeconds / requests - SERVICE_SECONDS
  }
  return { perSecond, waitingSeconds }
}
