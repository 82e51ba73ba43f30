import { describe, expect, it } from 'vitest'
import { learnerWith, weightsOf } from '../../../agents/learning/meta/learner-weights.ts'
import { createLearner } from '../../../agents/learning/registry.ts'
import { TrainingConfig } from '../training/config.ts'
import { loadsOf } from '../training/loads.ts'
import { adaptForMeta, adaptTo, judgedReward } from './adapt.ts'
import { fewShotConfig, innerOf, JUDGED_TICKS } from './config.ts'
import { untrained } from './starts.ts'
import { between, createTasks, taskSource } from './task.ts'

const HOUR_TICKS = 60
const whole = fewShotConfig()
const config = TrainingConfig.parse({
  ...whole,
  loads: { ...whole.loads, workloads: ['steady'], copies: 1, judged: 1 },
  objectives: [0.9],
  environments: 2,
})
const inner = { ...innerOf(config), updates: 2 }

describe('a new service as a task', () => {
  const [load] = loadsOf(config, 'learned')
  const { scenario } = load!
  const [service] = scenario.services

  it('is cut from one load, hour by hour, with everything before as history', () => {
    const second = between(load!, 1, 2).scenario
    const [cut] = second.services
    expect(second.startMs).toBe(scenario.startMs + 3_600_000)
    expect([...cut!.load]).toEqual([...service!.load.subarray(HOUR_TICKS, 2 * HOUR_TICKS)])
    expect([...cut!.history]).toEqual([
      ...service!.history,
      ...service!.load.subarray(0, HOUR_TICKS),
    ])
  })

  it('is another one where services are new', () => {
    const known = createTasks(taskSource(config, 'learned'))
    const fresh = createTasks(taskSource(config, 'judged'))
    expect(known.count).toBe(1)
    expect(fresh.at(0).name).not.toBe(known.at(0).name)
    expect(known.at(0)).toBe(known.at(0))
  })
})

describe('a learner’s weights', () => {
  const setting = {
    observationSize: 3,
    actions: { kind: 'continuous', size: 1, low: [-1], high: [1] },
    ...{ count: 2, totalSteps: 100, seed: 4 },
  } as const
  const learner = createLearner(inner.learner, setting)

  it('go into another one and come back as they were', () => {
    const weights = weightsOf(learner)
    const other = learnerWith(weights, inner.learner, { ...setting, seed: 5 })
    expect(weightsOf(other)).toEqual(weights)
    const seen = Float32Array.of(0.1, 0.2, 0.3, -0.4, 0, 1)
    const how = { explore: false }
    expect(other.act(seen, 2, how)).toEqual(learner.act(seen, 2, how))
  })

  it('are refused when they are of another network', () => {
    const weights = weightsOf(learner)
    const asked = () => learnerWith(weights.subarray(1), inner.learner, setting)
    expect(asked).toThrow()
  })
})

describe('an hour of a service', () => {
  const task = createTasks(taskSource(config, 'learned')).at(0)
  const start = untrained(config, 3)

  it('changes a copy of the weights, the same way for the same seed', () => {
    const before = start.slice()
    const adapted = adaptTo(start, task, inner, 1)
    expect(start).toEqual(before)
    expect(adapted).not.toEqual(start)
    expect(adaptTo(start, task, inner, 1)).toEqual(adapted)
  })

  it('is followed by one update on the next hour where there is one to learn to learn', () => {
    const { beforeLast, last } = adaptForMeta(start, task, { ...inner, updates: 1 }, 1)
    expect(beforeLast).toEqual(start)
    expect(last).not.toEqual(beforeLast)
  })

  it('leaves an agent that says nothing yet as good as the predictive policy', () => {
    // first weights stretch by next to nothing
    expect(Math.abs(judgedReward(start, task, inner, JUDGED_TICKS))).toBeLessThan(0.05)
  })
})
