import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { checkEnvironment, checkParallelEnvironment } from './check.ts'
import { ActionKind, DIRECTIVES, ForecastSource, PLANTS } from './config.ts'
import { createParallel } from './parallel.ts'
import { plantOf } from './plants.ts'
import { createSingleService } from './single-service.ts'
import { prepareSmall } from './test-environments.ts'

const options = { random: () => seededRandom('actions') }

describe('a single service', () => {
  it.each(ActionKind.options)('keeps the contract with actions "%s"', async (actions) => {
    for (const actionsFromZero of [false, true]) {
      const prepared = await prepareSmall({ kind: 'single-service', actions, actionsFromZero })
      checkEnvironment(() => createSingleService(prepared), options)
    }
  })

  it.each(ForecastSource.options)('keeps the contract with forecast "%s"', async (forecast) => {
    const load = { kind: 'synthetic', days: 3, stepSeconds: 600 } as const
    const prepared = await prepareSmall({ kind: 'single-service', forecast, service: { load } })
    checkEnvironment(() => createSingleService(prepared), options)
  })

  it('keeps the contract with late, noisy and lost scrapes', async () => {
    const scrape = { delaySeconds: 90, noiseCv: 0.3, lossShare: 0.2 }
    const prepared = await prepareSmall({ kind: 'single-service', scrape })
    checkEnvironment(() => createSingleService(prepared), options)
  })
})

describe('several agents', () => {
  it.each([undefined, 'rate', 'account'] as const)(
    'keep the contract, budget: %s',
    async (kind) => {
      const budget = kind && { perHour: 0.9, kind }
      const prepared = await prepareSmall({ kind: 'multi-agent', budget })
      checkParallelEnvironment(() => createParallel(prepared), options)
    },
  )

  it.each(DIRECTIVES)('keep the contract under an upper agent that sets %s', async (directive) => {
    const prepared = await prepareSmall({ kind: 'hierarchical', directive, everyTicks: 3 })
    checkParallelEnvironment(() => createParallel(prepared), options)
  })
})

describe.each(PLANTS)('on the simulator "%s"', (plant) => {
  const parts = { createPlant: plantOf(plant) }

  it('one service keeps the contract', async () => {
    const prepared = await prepareSmall({ kind: 'single-service', plant }, parts)
    checkEnvironment(() => createSingleService(prepared), options)
  })

  it('one whose replicas need nodes keeps it', async () => {
    const tier = { name: 'small', cpu: 4, memoryGib: 8, pricePerHour: 0.3, startupSeconds: 90 }
    const nodes = { tiers: [{ ...tier, name: 'small' as const }] }
    const config = { kind: 'single-service', plant, nodes, episodeTicks: 60 } as const
    const prepared = await prepareSmall(config, parts)
    checkEnvironment(() => createSingleService(prepared), options)
  })

  it('services that call one another keep it', async () => {
    const load = { kind: 'synthetic', days: 3, stepSeconds: 600 } as const
    const calls = [{ service: 'inventory' }, { service: 'payment', perRequest: 0.5 }]
    const services = [
      { name: 'order', load, serving: { calls } },
      { name: 'inventory', load, busyRps: 1 },
      { name: 'payment', load, busyRps: 1 },
    ]
    const prepared = await prepareSmall({ kind: 'hierarchical', services, plant }, parts)
    checkParallelEnvironment(() => createParallel(prepared), options)
  })
})

describe('the reward', () => {
  it('is higher for following the forecast than for chance, the least and the most', async () => {
    const parts = { createPlant: plantOf('fluid') }
    const config = { kind: 'single-service', actions: 'target', episodeTicks: 60 } as const
    const environment = createSingleService(await prepareSmall(config, parts))
    const at = environment.observationSpace.names!.indexOf('forecast99')
    const returnOf = (policy: (observation: Float32Array) => number): number => {
      let sum = 0
      for (let seed = 0; seed < 10; seed++) {
        let { observation } = environment.reset(seed)
        for (let over = false; !over; ) {
          const result = environment.step(policy(observation))
          ;({ observation, truncated: over } = result)
          sum += result.reward
        }
      }
      return sum
    }
    const random = seededRandom('policy')
    const followed = returnOf((seen) =>
      Math.max(1, Math.min(10, Math.ceil((seen[at]! * 10) / 0.9))),
    )
    for (const other of [() => 1, () => 10, () => 1 + Math.floor(10 * random())])
      expect(followed).toBeGreaterThan(returnOf(other))
  })
})

describe('the README', () => {
  it('has an example that runs as it stands', async () => {
    const readme = await readFile(path.join(import.meta.dirname, 'README.md'), 'utf8')
    const [, code] = readme.match(/```ts\n([\s\S]*?)```/)!
    const folder = await mkdtemp(path.join(tmpdir(), 'forescale-readme-'))
    const file = path.join(folder, 'example.ts')
    await writeFile(file, code!.replaceAll(/'\.\/(?=[\w-]+\.ts')/g, `'${import.meta.dirname}/`))
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [file])
      expect(stdout).toMatch(/Float32Array[\s\S]*requested: 5/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('the checks', () => {
  const prepared = prepareSmall({ kind: 'single-service' })

  it.each([
    ['an observation outside its space', { reward: 0, observation: new Float32Array(14).fill(99) }],
    ['an observation of another type', { observation: new Float64Array(14) }],
    ['a reward that is no number', { reward: Number.NaN }],
    ['a flag that is no boolean', { truncated: 1 }],
  ])('find %s', async (_, wrong) => {
    const sound = await prepared
    const make = () => {
      const environment = createSingleService(sound)
      return {
        ...environment,
        step: (action: unknown) => ({ ...environment.step(action), ...(wrong as object) }),
      }
    }
    expect(() => checkEnvironment(make, options)).toThrow()
    expect(() => checkEnvironment(() => createSingleService(sound), options)).not.toThrow()
  })

  it('find chance that does not come from the seed', async () => {
    const sound = await prepared
    let calls = 0
    const make = () => {
      const environment = createSingleService(sound)
      return { ...environment, reset: () => environment.reset(calls++) }
    }
    expect(() => checkEnvironment(make, options)).toThrow(/seed/)
  })

  it('find an observation that is handed out twice', async () => {
    const sound = await prepared
    const make = () => {
      const environment = createSingleService(sound)
      const reused = new Float32Array(environment.observationSpace.low.length)
      return {
        ...environment,
        reset: (seed?: number) => {
          const result = environment.reset(seed)
          reused.set(result.observation)
          return { ...result, observation: reused }
        },
      }
    }
    expect(() => checkEnvironment(make, options)).toThrow(/new one/)
  })

  it('find an end that never comes', async () => {
    const sound = await prepared
    const make = () => {
      const environment = createSingleService(sound)
      return {
        ...environment,
        step: (action: unknown) => {
          environment.step(action)
          environment.reset(1)
          return { ...environment.step(action), truncated: false }
        },
      }
    }
    expect(() => checkEnvironment(make, { ...options, mostSteps: 50 })).toThrow(/no end/)
  })
})
