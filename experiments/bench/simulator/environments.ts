/**
 * What a step of an environment takes, beside a Gymnasium environment of the same model in Python: observation, reward, info
 * and resets of both are compared first (an episode's sums must agree), then timed in turns. The model of this comparison is
 * the plain plant, so that it is the environment that is timed and not a simulator; what the simulator adds stands beside it.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { EnvironmentConfig } from '../../environments/config.ts'
import { createPlainPlant } from '../../environments/plain-plant.ts'
import { plantOf } from '../../environments/plants.ts'
import { type Prepared, prepare } from '../../environments/prepare.ts'
import { createSingleService } from '../../environments/single-service.ts'
import { createVector } from '../../environments/vector.ts'
import type { CreatePlant } from '../../simulator/plant.ts'
import type { Figure } from '../timing.ts'

const PEER = fileURLToPath(new URL('../peers/gym_environment_speed.py', import.meta.url))
const CLIENT = fileURLToPath(new URL('../../environments/python', import.meta.url))
const CONFIG = { kind: 'single-service' } as const
const COUNT = 64
const STEPS = 20_000
const TURNS = 3
/** Sums over an episode: of doubles in another order, and of float32 that were rounded once. */
const AGREEMENT = 1e-6

const Peer = z.object({
  name: z.string(),
  rewards: z.number(),
  seen: z.number(),
  singleUs: z.number(),
  vectorUs: z.number(),
})
const Client = z.object({ vectorUs: z.number() })

/** `python`: an interpreter that has gymnasium (environments/python/install.sh). Throws what it says where it has not. */
export async function benchEnvironments(python: string): Promise<Figure[]> {
  const plain = await prepared(createPlainPlant)
  const fluid = await prepared(plantOf('fluid'))
  const peer = Peer.parse(ask(python, taskOf(plain)))
  assertSame(plain, peer)
  const client = Client.parse(
    ask(python, { client: CLIENT, config: CONFIG, count: COUNT, steps: STEPS }),
  )
  const figure = (name: string, value: number, loop: 'one by one' | 'SyncVectorEnv'): Figure => {
    const theirs = loop === 'one by one' ? peer.singleUs : peer.vectorUs
    return {
      name: `environment.${name}`,
      value,
      unit: 'µs a step',
      peer: `${peer.name}, the plain model, ${loop}, ${theirs.toFixed(1)} µs`,
      ratio: value / theirs,
    }
  }
  return [
    figure('plain.single', singleUs(plain), 'one by one'),
    figure(`plain.vector${COUNT}`, vectorUs(plain), 'SyncVectorEnv'),
    figure('fluid.single', singleUs(fluid), 'one by one'),
    figure(`fluid.vector${COUNT}`, vectorUs(fluid), 'SyncVectorEnv'),
    figure(`fluid.vector${COUNT}.from-python`, client.vectorUs, 'SyncVectorEnv'),
  ]
}

function prepared(createPlant: CreatePlant): Promise<Prepared> {
  return prepare(EnvironmentConfig.parse(CONFIG), { env: process.env, createPlant })
}

function ask(python: string, task: object): unknown {
  const input = `${JSON.stringify(task)}\n`
  const env = { ...process.env, FORESCALE_NODE: process.execPath, PYTHONDONTWRITEBYTECODE: '1' }
  return JSON.parse(execFileSync(python, [PEER], { input, env, encoding: 'utf8' }))
}

function taskOf({ config, services, ...spans }: Prepared): object {
  const { spec, serving, load, forecasts, meanRps } = services[0]!
  const { firstStart, lastStart, startMs, tickMs } = spans
  return {
    load: Array.from(load),
    forecasts: Array.from(forecasts),
    meanRps,
    firstStart,
    lastStart,
    startMs,
    tickMs,
    episodeTicks: config.episodeTicks,
    minReplicas: spec.minReplicas,
    maxReplicas: spec.maxReplicas,
    capacityPerReplica: spec.capacityPerReplica,
    price: spec.pricePerReplicaHour,
    sloLatency: spec.slo.latencySeconds,
    latency: serving.serviceTime.meanSeconds,
    placesPerSecond: serving.concurrency / serving.serviceTime.meanSeconds,
    count: COUNT,
    steps: STEPS,
  }
}

/** The two are one model, or their times say nothing. */
function assertSame(plain: Prepared, peer: z.infer<typeof Peer>): void {
  const environment = createSingleService(plain)
  const sumOf = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0)
  let { observation } = environment.reset(0, { start: plain.firstStart })
  let seen = sumOf(observation)
  let rewards = 0
  for (let step = 0, over = false; !over; step++) {
    const result = environment.step((step % 3) - 1)
    over = result.truncated
    observation = result.observation
    rewards += result.reward
    seen += sumOf(observation)
  }
  const near = (ours: number, theirs: number) =>
    Math.abs(ours - theirs) <= AGREEMENT * Math.abs(theirs)
  assert.ok(near(rewards, peer.rewards), `rewards: ${rewards} here, ${peer.rewards} in Python`)
  assert.ok(near(seen, peer.seen), `observations: ${seen} here, ${peer.seen} in Python`)
}

function singleUs(ready: Prepared): number {
  const environment = createSingleService(ready)
  environment.reset(1)
  return leastUs(STEPS, () => {
    for (let step = 0; step < STEPS; step++)
      if (environment.step((step % 3) - 1).truncated) environment.reset()
  })
}

function vectorUs(ready: Prepared): number {
  const vector = createVector(ready, COUNT)
  vector.reset(1)
  const actions = [0, 1, 2].map((step) =>
    Array.from({ length: COUNT }, (_, i) => ((step + i) % 3) - 1),
  )
  const rounds = Math.floor(STEPS / COUNT)
  return leastUs(rounds * COUNT, () => {
    for (let step = 0; step < rounds; step++) vector.step(actions[step % 3]!).infos()
  })
}

function leastUs(steps: number, work: () => void): number {
  let least = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < TURNS; turn++) {
    const startedMs = performance.now()
    work()
    least = Math.min(least, performance.now() - startedMs)
  }
  return (least / steps) * 1000
}
