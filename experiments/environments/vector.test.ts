import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import type { ByAgent } from './environment.ts'
import { createParallel } from './parallel.ts'
import { createParallelVector } from './parallel-vector.ts'
import { createSingleService } from './single-service.ts'
import { sample } from './spaces.ts'
import { prepareSmall } from './test-environments.ts'
import { createVector } from './vector.ts'

const COUNT = 3
const STEPS = 25

describe('a vector of environments', () => {
  it('is as many single ones with seeds of their own, each reset in the step after its end', async () => {
    const prepared = await prepareSmall({ kind: 'single-service', scrape: { noiseCv: 0.1 } })
    const vector = createVector(prepared, COUNT)
    const singles = Array.from({ length: COUNT }, () => createSingleService(prepared))
    const width = vector.observationSpace.low.length
    const row = (observations: Float32Array, i: number) =>
      observations.slice(i * width, (i + 1) * width)
    const begun = vector.reset(40)
    singles.forEach((single, i) => {
      expect(row(begun.observations, i)).toEqual(single.reset(40 + i).observation)
    })
    const random = seededRandom('vector')
    const over = new Array<boolean>(COUNT).fill(false)
    let resets = 0
    for (let step = 0; step < STEPS; step++) {
      const actions = singles.map(({ actionSpace }) => sample(actionSpace, random))
      const result = vector.step(actions)
      const infos = result.infos()
      singles.forEach((single, i) => {
        if (over[i]) {
          resets++
          const { observation } = single.reset()
          expect(row(result.observations, i)).toEqual(observation)
          expect([result.rewards[i], result.truncated[i], infos.tick![i]]).toEqual([0, 0, 0])
          over[i] = false
          return
        }
        const { observation, reward, truncated, info } = single.step(actions[i])
        expect(row(result.observations, i)).toEqual(observation)
        expect(result.rewards[i]).toBe(reward)
        expect(result.truncated[i]).toBe(truncated ? 1 : 0)
        expect(infos.cost![i]).toBe(info.cost)
        over[i] = truncated
      })
    }
    // episodes of ten steps: the 11th and the 22nd step reset
    expect(resets).toBe(2 * COUNT)
  })

  it('takes none of the actions when one of them is wrong', async () => {
    const prepared = await prepareSmall({ kind: 'single-service' })
    const vector = createVector(prepared, 2)
    expect(() => vector.step([0, 0])).toThrow(/before reset/)
    vector.reset(1)
    expect(() => vector.step([0, 3])).toThrow(/actions.1: 3 is not allowed/)
    expect(() => vector.step([0])).toThrow(/actions: "1 of them" is not allowed; allowed: 2/)
    expect([...vector.step([0, 0]).infos().tick!]).toEqual([1, 1])
  })

  it('hands out observations that later steps do not write to', async () => {
    const vector = createVector(await prepareSmall({ kind: 'single-service' }), 2)
    const { observations } = vector.reset(1)
    const before = observations.slice()
    vector.step([1, -1])
    expect(observations).toEqual(before)
  })

  it('is refused for several agents, and in too great a number', async () => {
    const several = await prepareSmall({ kind: 'multi-agent' })
    expect(() => createVector(several, 2)).toThrow(/kind/)
    const one = await prepareSmall({ kind: 'single-service' })
    expect(() => createVector(one, 0)).toThrow(/count: 0 is not allowed/)
    expect(() => createVector(one, 4097)).toThrow(/1 to 4096/)
  })
})

describe('a vector of environments of several agents', () => {
  it('is as many single ones, each reset in the step after its end', async () => {
    const prepared = await prepareSmall({ kind: 'hierarchical', everyTicks: 2 })
    const vector = createParallelVector(prepared, COUNT)
    const singles = Array.from({ length: COUNT }, () => createParallel(prepared))
    const { possibleAgents } = vector
    const expectRow = (seen: ByAgent<Float32Array>, of: ByAgent<Float32Array>, i: number) => {
      for (const agent of possibleAgents) {
        const width = of[agent]!.length
        expect(seen[agent]!.slice(i * width, (i + 1) * width)).toEqual(of[agent])
      }
    }
    const begun = vector.reset(40)
    singles.forEach((single, i) => {
      expectRow(begun.observations, single.reset(40 + i).observations, i)
    })
    const random = seededRandom('parallel vector')
    const over = new Array<boolean>(COUNT).fill(false)
    let resets = 0
    for (let step = 0; step < STEPS; step++) {
      const actions = Object.fromEntries(
        possibleAgents.map((agent) => [
          agent,
          singles.map(() => sample(vector.actionSpace(agent), random)),
        ]),
      )
      const result = vector.step(actions)
      singles.forEach((single, i) => {
        if (over[i]) {
          resets++
          over[i] = false
          expectRow(result.observations, single.reset().observations, i)
          expect([result.rewards.meta![i], result.truncated[i]]).toEqual([0, 0])
          return
        }
        const mine = Object.fromEntries(possibleAgents.map((agent) => [agent, actions[agent]![i]]))
        const { observations, rewards, truncated } = single.step(mine)
        expectRow(result.observations, observations, i)
        for (const agent of possibleAgents) expect(result.rewards[agent]![i]).toBe(rewards[agent])
        expect(result.truncated[i]).toBe(truncated.meta ? 1 : 0)
        over[i] = truncated.meta!
      })
    }
    expect(resets).toBe(2 * COUNT)
  })

  it('wants an action of each agent for each copy', async () => {
    const prepared = await prepareSmall({ kind: 'multi-agent' })
    const vector = createParallelVector(prepared, 2)
    vector.reset(1)
    const actions = { front: [0, 0], search: [0], reports: [0, 0] }
    expect(() => vector.step(actions)).toThrow(/actions.search: "1 of them" is not allowed/)
  })
})
